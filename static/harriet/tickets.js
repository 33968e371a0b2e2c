// Keys on the list of tickets and on a ticket. No key decides: it leads to the button or the field that does.
"use strict";

{
  const help = document.querySelector("[data-keys]");
  const typing = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
  const links = () => [...document.querySelectorAll("main a.row-link")];
  const chosen = () => document.activeElement.closest("tr")?.querySelector("a.row-link") || document.querySelector("a.row-link[aria-expanded]");
  const kept = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  let isOn = kept();

  const move = (step) => {
    const all = links();
    const beside = document.querySelector(step > 0 ? "main a[data-next]" : "main a[data-previous]");
    if (!all.length) return beside && beside.click();
    const at = all.indexOf(chosen());
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
    next.focus();
    next.closest("tr").scrollIntoView({ block: "nearest" });
  };

  // Where a decision is made: beside the list, on the page, or on the page of the row that has the focus.
  const lead = (to) => {
    const place = document.querySelector(`#panel:not([hidden]) [data-${to}]`) || document.querySelector(`main [data-${to}]`);
    if (place) place.focus();
    else if (chosen()) location.assign(`${chosen().href}#${to}`);
  };

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    a: () => lead("approve"),
    r: () => lead("reject"),
    "?": () => { help.open = !help.open; help.querySelector("summary").focus(); },
  };

  document.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || !isOn || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(typing)) return;
    event.preventDefault();
    act();
  });

  if (help) {
    const choice = help.querySelector("input");
    help.hidden = false;
    choice.checked = isOn;
    choice.addEventListener("change", () => {
      isOn = choice.checked;
      try { localStorage.setItem("keys", isOn ? "on" : "off"); } catch { /* storage is off: it lasts for this page */ }
    });
  }
  if (location.hash === "#approve" || location.hash === "#reject") document.querySelector(`main [data-${location.hash.slice(1)}]`)?.focus();
}
