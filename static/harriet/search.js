// Search: "/" and Ctrl-K go to the field; what it finds is walked by the arrow keys and closed by Escape.
"use strict";

const searchField = () => [...document.querySelectorAll("[data-search-field]")].find((field) => field.offsetParent !== null);

document.addEventListener("keydown", (event) => {
  const asked = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  const slashed = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey
    && !event.target.closest("input, textarea, select, [contenteditable]");
  const field = asked || slashed ? searchField() : null;
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

for (const form of document.querySelectorAll("[data-search]")) {
  const field = form.querySelector("[data-search-field]");
  const found = form.querySelector("[data-found]");
  const close = () => found.replaceChildren();
  form.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && found.hasChildNodes()) {
      event.preventDefault();
      close();
      field.focus();
    } else if (step) {
      const stops = [field, ...found.querySelectorAll("a")];
      const next = stops[stops.indexOf(document.activeElement) + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
    }
  });
  // What comes after somebody has gone on to something else is not shown.
  form.addEventListener("htmx:beforeSwap", (event) => { if (!form.contains(document.activeElement)) event.detail.shouldSwap = false; });
  form.addEventListener("focusout", (event) => { if (!event.relatedTarget || !form.contains(event.relatedTarget)) setTimeout(() => { if (!form.contains(document.activeElement)) close(); }, 200); });
}
