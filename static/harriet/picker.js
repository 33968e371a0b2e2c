// The pickers as comboboxes (templates/parts/picker.html). Without this script each is a search and a list to tick.
"use strict";

(() => {
  class Picker {
    constructor(root) {
      this.root = root;
      this.input = root.querySelector("input[type=search]");
      this.options = root.querySelector("[data-options]");
      this.picked = root.querySelector("[data-picked]");
      this.said = root.querySelector("[data-said]");
      this.isSingle = root.hasAttribute("data-single");
      root.classList.add("live");
      root.querySelector("[data-find]").remove();
      this.takeOver();
      for (const item of this.picked.children) this.dress(item);
      this.tellRoles();
      this.listen();
    }

    // What was found without this script is among the options again.
    takeOver() {
      const found = this.root.querySelector("[data-found]");
      if (!found) return;
      for (const box of found.querySelectorAll("input:checked")) this.picked.append(box.closest("li"));
      found.remove();
    }

    tellRoles() {
      const { input } = this;
      input.setAttribute("role", "combobox");
      input.setAttribute("aria-autocomplete", "list");
      input.setAttribute("aria-controls", this.options.id);
      input.setAttribute("aria-expanded", "false");
    }

    listen() {
      const { input, options } = this;
      input.addEventListener("keydown", (event) => this.press(event));
      input.addEventListener("click", () => this.search());
      input.addEventListener("input", () => {
        this.isAsked = true;
        if (!options.hidden) this.point(null);
      });
      this.root.addEventListener("focusout", (event) => { if (!this.root.contains(event.relatedTarget)) this.close(); });
      options.addEventListener("mousedown", (event) => event.preventDefault());
      options.addEventListener("click", (event) => {
        const option = event.target.closest("[role=option]");
        if (option && "value" in option.dataset) this.choose(option);
      });
      this.root.addEventListener("htmx:afterSwap", () => this.open());
      if (input.form) input.form.addEventListener("formdata", (event) => { if (!input.value) event.formData.delete(input.name); });
    }

    search() {
      this.isAsked = true;
      htmx.trigger(this.input, "search-now");
    }

    get isOpen() { return !this.options.hidden; }

    get all() { return [...this.options.querySelectorAll("[role=option]:not([aria-disabled])")]; }

    get values() { return [...this.picked.querySelectorAll("input:checked")].map((box) => box.value).filter(Boolean); }

    open() {
      if (document.activeElement !== this.input || !this.isAsked) return;
      const chosen = this.values;
      for (const option of this.all) option.setAttribute("aria-selected", String(chosen.includes(option.dataset.value)));
      this.options.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
      const from = this.continueAt;
      this.continueAt = undefined;
      this.point(from === undefined ? this.all.find((option) => this.keyOf(option) === this.pointed) : this.all[from]);
      const last = this.options.lastElementChild;
      const found = this.all.filter((option) => "value" in option.dataset).length;
      this.say(last && !("value" in last.dataset) ? last.textContent : `${found} found`);
    }

    // An answer that comes after something was chosen opens nothing again.
    close() {
      this.isAsked = false;
      this.options.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.point(null);
    }

    // What is pointed at stays so when a late answer replaces the options.
    keyOf(option) { return "value" in option.dataset ? `value ${option.dataset.value}` : "more"; }

    point(option) {
      this.pointed = option ? this.keyOf(option) : undefined;
      for (const other of this.all) other.classList.toggle("active", other === option);
      if (!option) return this.input.removeAttribute("aria-activedescendant");
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }

    get active() { return this.options.querySelector(".active"); }

    press(event) {
      const { key } = event;
      if (key === "ArrowDown" || key === "ArrowUp") {
        event.preventDefault();
        if (!this.isOpen) return this.search();
        const all = this.all, at = all.indexOf(this.active), step = key === "ArrowDown" ? 1 : -1;
        if (all.length) this.point(all[at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length]);
      } else if (key === "Enter" && (this.isOpen || this.input.value)) {
        event.preventDefault();
        const option = this.active || (this.all.length === 1 ? this.all[0] : null);
        if (!this.isOpen) this.search();
        else if (option) this.take(option);
      } else if (key === "Escape" && (this.isOpen || this.input.value)) {
        event.preventDefault();
        event.stopPropagation();
        if (this.isOpen) this.close(); else this.input.value = "";
      } else if (key === "Backspace" && !this.input.value) {
        const last = [...this.picked.children].reverse().find((item) => item.querySelector("[data-remove]"));
        if (last) this.remove(last);
      }
    }

    take(option) {
      if (!("more" in option.dataset)) return this.choose(option);
      this.continueAt = this.all.indexOf(option);
      htmx.trigger(option, "click");
    }

    choose(option) {
      const { value } = option.dataset;
      const there = [...this.picked.children].find((item) => item.querySelector("input").value === value);
      if (there) this.remove(there);
      else this.add(value, option.querySelector("bdi").textContent, option.querySelector(".soft")?.textContent || "");
      this.input.value = "";
      this.close();
    }

    add(value, label, note) {
      if (this.isSingle) for (const item of [...this.picked.children]) if (!item.matches("[data-nothing]")) item.remove();
      const item = this.root.querySelector("[data-item]").content.firstElementChild.cloneNode(true);
      item.querySelector("input").value = value;
      item.querySelector("bdi").textContent = label;
      item.querySelector(".soft").textContent = note;
      this.picked.append(item);
      item.querySelector("input").checked = true;
      this.dress(item);
      this.changed(`${label} was chosen`);
    }

    dress(item) {
      if (item.matches("[data-nothing]")) return;
      const label = item.querySelector("bdi").textContent;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "remove";
      button.dataset.remove = "";
      button.setAttribute("aria-label", `Remove ${label}`);
      button.textContent = "×";
      button.addEventListener("click", () => { this.remove(item); this.input.focus(); });
      item.append(button);
    }

    remove(item) {
      const label = item.querySelector("bdi").textContent;
      item.remove();
      const nothing = this.picked.querySelector("[data-nothing] input");
      if (nothing) nothing.checked = true;
      this.changed(`${label} was taken out`);
    }

    changed(words) {
      this.say(words);
      this.picked.dispatchEvent(new Event("change", { bubbles: true }));
    }

    say(words) { this.said.textContent = words.trim(); }
  }

  const wake = (within) => {
    for (const root of within.querySelectorAll("[data-picker]:not(.live)")) if (root.querySelector("[data-find]")) new Picker(root);
  };
  document.addEventListener("DOMContentLoaded", () => {
    if (!window.htmx) return;
    wake(document);
    document.body.addEventListener("htmx:load", (event) => wake(event.target));
  });
})();
