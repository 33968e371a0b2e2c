// Turns "waiting for your first call" into a tick. Without this script a link does the same.
"use strict";

const region = document.querySelector("[data-arrival]");
const LONGEST = 20 * 60 * 1000;
const started = Date.now();

const ask = async () => {
  const response = await fetch(region.dataset.arrival, { headers: { Accept: "application/json" } });
  return response.ok && (await response.json()).arrived;
};

const show = () => {
  region.querySelector("[data-arrival-status]").replaceChildren(
    ...region.querySelector("[data-arrival-done]").cloneNode(true).childNodes
  );
  region.querySelector("[data-arrival-link]").hidden = true;
};

const look = async () => {
  let arrived = false;
  try { arrived = await ask(); } catch { /* away for a moment: ask again */ }
  if (arrived) return show();
  if (Date.now() - started < LONGEST) setTimeout(look, 2000);
};

if (region) look();
