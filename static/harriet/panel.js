// The side panel: on wide screens a row's link opens what its page shows first beside the list. Otherwise it is a link.
"use strict";

const side = document.getElementById("panel");
const isWide = window.matchMedia("(min-width: 1180px)");
let opened = null;  // the address whose page is shown

const linkTo = (address) => [...document.querySelectorAll("a[data-panel]")].find((link) => link.href === address);

const open = (link) => {
  opened = link.href;
  window.htmx.ajax("GET", link.getAttribute("href"), { source: link, target: "#panel", swap: "innerHTML" });
};

const mark = () => {
  for (const link of document.querySelectorAll("a[data-panel][aria-expanded]")) link.removeAttribute("aria-expanded");
  if (opened && linkTo(opened)) linkTo(opened).setAttribute("aria-expanded", "true");
};

const close = () => {
  const link = linkTo(opened);
  side.hidden = true;
  side.replaceChildren();
  opened = null;
  mark();
  if (link) link.focus();
};

if (side && window.htmx) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-panel]");
    if (!link || !isWide.matches || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link);
  });
  side.addEventListener("click", (event) => {
    if (event.target.closest("[data-panel-close]")) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opened && !event.defaultPrevented && !event.target.closest("details[open]")) close();
  });

  // Whatever is no panel, such as an error or the page to sign in, is opened as the page that it is.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (target !== side) return;
    if (xhr.status === 200 && xhr.responseText.includes("data-panel-title")) return;
    event.preventDefault();
    location.assign(opened);
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.target === side) location.assign(opened);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== side) return mark();
    side.hidden = false;
    side.scrollTop = 0;
    mark();
    side.querySelector("[data-panel-title]").focus({ preventScroll: true });
  });
  // A narrow window has no room for it.
  isWide.addEventListener("change", () => { if (opened && !isWide.matches) close(); });
}
