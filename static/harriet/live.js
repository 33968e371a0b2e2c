// Keeps an open page up to date through htmx, and says so when it can't. Without this script a page is as old as its load.
"use strict";

const stale = document.querySelector("[data-stale]");
const LIVE = "#live, #panel-live";  // of the page, and of what is open beside it
const REGIONS = `${LIVE}, [data-frame]`;
const OLD = 5 * 60_000;  // milliseconds after which a page without a region says of when it is
const isRegion = (element) => element instanceof Element && element.matches(REGIONS);
const loaded = new Date();
let seen = loaded;
let said = "";  // what the bar at the top tells: "lost", "news", "out", "old", or nothing

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

// What a region says, without what differs each time: ages in words, the tokens of its forms, what is unfolded here.
const essence = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const node of template.content.querySelectorAll("time, input[name=csrfmiddlewaretoken]")) node.remove();
  for (const attribute of ["open", "aria-expanded"]) for (const node of template.content.querySelectorAll(`[${attribute}]`)) node.removeAttribute(attribute);
  return template.innerHTML.replace(/\s+/g, " ").trim();
};

const isTouched = (field) => /^(checkbox|radio)$/.test(field.type) ? field.checked !== field.defaultChecked : field.type !== "hidden" && field.value !== field.defaultValue;
const isBusy = (region) =>
  region.querySelector("details[data-menu][open], dialog[open]") ||
  [...region.querySelectorAll("input, textarea")].some(isTouched) ||
  region.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");

// A region may tell for what stands below it that there is something newer.
const newsOf = (html) => (html.match(/data-news="([^"]*)"/) || [])[1];

// What was decided meanwhile is decided by nobody here: its buttons don't look as if they did anything.
const disarm = (region) => {
  for (const button of region.querySelectorAll("button[data-decides]")) button.disabled = true;
};

// What is unfolded stays so, and is not replaced by the same.
const foldOf = (details) => details.querySelector("summary")?.textContent.trim();
const unfolded = (region) => [...region.querySelectorAll("details[open]")].map(foldOf);
let unfoldedBefore = [];

// After a region is replaced, the link or button that had the focus has it again.
const markOf = (element) => element && [element.tagName, element.href, element.name, element.value, element.textContent].join();
let focused = "";

// A region may say what it stands at: it is answered with nothing until there is something newer.
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, headers } = event.detail;
  const shown = isRegion(elt) && elt.querySelector("[data-seen]");
  if (shown) headers["X-Seen"] = shown.dataset.seen;
});

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
  if (!elt.matches(LIVE) || xhr.status === 204) return;
  const isSame = essence(xhr.responseText) === essence(elt.innerHTML);
  if (isBusy(elt)) {
    event.preventDefault();
    if (isSame) return;
    if (!xhr.responseText.includes("data-decides")) disarm(elt);
    return say("news", "There is news for this page.", "Show it");
  }
  unfoldedBefore = unfolded(elt);
  if (isSame && unfoldedBefore.length) return event.preventDefault();
  const told = newsOf(xhr.responseText);
  if (told !== newsOf(elt.innerHTML)) say("news", "There is news for this page.", "Show it");
  else if (told === undefined) unsay("news");
  focused = elt.contains(document.activeElement) ? markOf(document.activeElement) : "";
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (!event.detail.elt.matches(LIVE)) return;
  for (const details of event.detail.elt.querySelectorAll("details")) if (unfoldedBefore.includes(foldOf(details))) details.open = true;
  unfoldedBefore = [];
  if (!focused) return;
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

// States that no region keeps up to date are of when the page was loaded, and after a while it says so.
const tellAge = () => {
  if (said || document.querySelector("#live") || !document.querySelector("main time, main .status")) return;
  if (new Date() - loaded > OLD) say("old", `What you see is of ${time(loaded)}.`, "Load the page again");
};
if (document.querySelector("[data-frame]")) setInterval(tellAge, 30_000);
