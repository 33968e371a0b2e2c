// Completion of what a condition may speak of: while a name is typed, those that begin with it stand below as buttons.
"use strict";

for (const field of document.querySelectorAll("textarea[data-names]")) {
  const names = [...document.querySelectorAll(`#${field.dataset.names} code`)].map((one) => one.textContent);
  const row = document.createElement("div");
  row.className = "cluster";
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Names that fit");
  field.after(row);

  const typed = () => /[\w.]*$/.exec(field.value.slice(0, field.selectionStart))[0];
  const put = (name) => {
    const end = field.selectionStart, start = end - typed().length;
    field.setRangeText(name, start, end, "end");
    row.replaceChildren();
    field.focus();
  };
  field.addEventListener("input", () => {
    const word = typed();
    const fitting = word.length > 1 ? names.filter((name) => name.startsWith(word) && name !== word).slice(0, 8) : [];
    row.replaceChildren(...fitting.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button small";
      button.textContent = name;
      button.addEventListener("click", () => put(name));
      return button;
    }));
  });
}
