// What moves on Harriet's pages. Every page works without it.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Copy: the button appears only where it can work.
for (const block of all("[data-copy]")) {
  const button = block.querySelector("[data-copy-button]");
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const word = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      word.textContent = "Copied";
    } catch {
      word.textContent = "Select and copy by hand";
    }
    setTimeout(() => { word.textContent = "Copy"; }, 2000);
  });
}

// Menus: Escape and a click elsewhere close them, also those that came with a newer part of the page.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details[data-menu][open]");
  if (!menu) return;
  event.preventDefault();
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const menu of all("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
});

// Colours: remembered in this browser only.
for (const choice of all("[data-theme-switch]")) {
  const root = document.documentElement;
  choice.hidden = false;
  const chosen = choice.querySelector(`input[value="${root.dataset.theme || ""}"]`);
  if (chosen) chosen.checked = true;
  choice.addEventListener("change", (event) => {
    const theme = event.target.value;
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    try {
      if (theme) localStorage.setItem("theme", theme); else localStorage.removeItem("theme");
    } catch { /* storage is off: the choice lasts for this page */ }
  });
}

// A checkbox over a table's column ticks the whole column; the bulk bar counts what is ticked.
const tellTicked = (table) => {
  const ticked = all("tbody input[type=checkbox][name]:checked", table).length;
  for (const count of all("[data-bulk-count]", table.closest("form") || document)) count.textContent = ticked ? `${ticked} selected` : "";
};
document.addEventListener("change", (event) => {
  const table = event.target.closest("table[data-bulk]");
  if (!table) return;
  if (event.target.closest("thead")) for (const box of all("tbody input[type=checkbox][name]", table)) box.checked = event.target.checked;
  tellTicked(table);
});
for (const table of all("table[data-bulk]")) tellTicked(table);

// The time that is left goes on, by how long ago the server said it: the reader's clock may be another.
const begun = new WeakMap();
const timeLeft = (seconds) => {
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (days >= 2) return `${days} days left`;
  if (hours) return hours >= 6 ? `${hours} h left` : `${hours} h ${minutes % 60} min left`;
  if (minutes) return `${minutes} min ${seconds % 60} s left`;
  return seconds > 0 ? `${seconds} s left` : "no time left";
};
setInterval(() => {
  for (const time of all("time[data-left]")) {
    if (!begun.has(time)) begun.set(time, Date.now());
    const words = timeLeft(Math.max(time.dataset.left - Math.floor((Date.now() - begun.get(time)) / 1000), 0));
    if (time.textContent !== words) time.textContent = words;
  }
}, 1000);

// Filters apply as soon as one is chosen; without this script their button does.
for (const select of all("form[data-auto-submit] select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// A secret is typed hidden, and shown while somebody says so. Sent, it is a password again: no browser remembers it as text.
for (const input of all("input[data-secret]")) {
  const button = document.createElement("button");
  const show = (isShown) => {
    input.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    button.textContent = isShown ? "Hide" : "Show";
  };
  button.type = "button";
  button.className = "button small";
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => show(input.type === "password"));
  input.form.addEventListener("submit", () => show(false));
  const row = document.createElement("div");
  row.className = "with-show";
  input.replaceWith(row);
  row.append(input, button);
  show(false);
}

// What asks a server takes a while: the button says that it is being done, and is not pressed twice.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || !button.dataset.busy || event.defaultPrevented) return;
  setTimeout(() => { button.disabled = true; button.textContent = button.dataset.busy; });
});
addEventListener("pageshow", (event) => {  // back from a page that the button led to
  if (event.persisted && all("button[data-busy]:disabled").length) location.reload();
});

// Typed confirmation: the button wakes when the name is right. The server checks it again.
for (const input of all("input[data-confirm]")) {
  const button = input.form.querySelector("button[data-confirmed]") || input.form.querySelector("button");
  const judge = () => { button.disabled = input.value.trim() !== input.dataset.confirm; };
  input.addEventListener("input", judge);
  judge();
}
