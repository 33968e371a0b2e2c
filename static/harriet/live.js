// Keeps an open page up to date through htmx, and says so when it can't. Without this script a page is as old as its load.
"use strict";

const stale = document.querySelector("[data-stale]");
const REGIONS = "#live, [data-frame]";
const isRegion = (element) => element instanceof Element && element.matches(REGIONS);
let seen = new Date();
let said = "";  // what the bar at the top tells: "lost", "news", "out", or nothing

const time = (moment) => moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const say = (what, text, link) => {
  if (!stale || said === what) return;
  said = what;
  const a = document.createElement("a");
  a.href = location.href;
  a.textContent = link;
  stale.replaceChildren(`${text} `, a);
  stale.hidden = false;
};
const unsay = (what) => {
  if (said !== what) return;
  said = "";
  stale.hidden = true;
};

// What a region says, without what differs each time: ages in words, and the tokens of its forms.
const essence = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const node of template.content.querySelectorAll("time, input[name=csrfmiddlewaretoken]")) node.remove();
  return template.innerHTML.replace(/\s+/g, " ").trim();
};

const isBusy = (region) =>
  region.querySelector("details[open], dialog[open]") ||
  [...region.querySelectorAll("input")].some((box) => box.checked !== box.defaultChecked) ||
  region.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");

// After a region is replaced, the link or button that had the focus has it again.
const markOf = (element) => element && [element.tagName, element.href, element.name, element.value, element.textContent].join();
let focused = "";

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isRegion(event.detail.elt) && document.hidden) event.preventDefault();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, xhr } = event.detail;
  if (!isRegion(elt)) return;
  if (new URL(xhr.responseURL || location.href).pathname !== new URL(event.detail.pathInfo.requestPath, location.href).pathname) {
    event.preventDefault();
    return say("out", `You are signed out. What you see is of ${time(seen)}.`, "Sign in again");
  }
  if (xhr.status >= 400) return;
  seen = new Date();
  unsay("lost");
  if (elt.id !== "live") return;
  const isSame = essence(xhr.responseText) === essence(elt.innerHTML);
  if (!isSame && isBusy(elt)) {
    event.preventDefault();
    return say("news", "There is news for this page.", "Show it");
  }
  unsay("news");
  focused = elt.contains(document.activeElement) ? markOf(document.activeElement) : "";
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (!focused || event.detail.elt.id !== "live") return;
  const again = [...event.detail.elt.querySelectorAll("a, button, summary")].find((one) => markOf(one) === focused);
  if (again) again.focus({ preventScroll: true });
  focused = "";
});

const lost = (event) => {
  if (isRegion(event.detail.elt)) say("lost", `Not up to date since ${time(seen)}: no answer comes. Harriet goes on trying.`, "Load the page again");
};
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, lost);

// A page that comes to the front again looks at once.
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !window.htmx) return;
  for (const region of document.querySelectorAll(REGIONS)) window.htmx.trigger(region, "look");
});
