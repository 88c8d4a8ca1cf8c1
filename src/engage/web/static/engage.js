// What all staff pages share: keys that act, the list of them, and a login that ended while a page was open.
(() => {
  "use strict";

  // Nobody types into a box to check: keys act there, too.
  const TYPED = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
  const typing = (target) => target instanceof Element && target.closest(TYPED);
  const on = () => document.body.hasAttribute("data-shortcuts");
  let before = "";

  // What a key acts on: inside an open dialog only what it holds; else what stands first on the page.
  const holder = (keys) => {
    const open = document.querySelector("dialog[open]");
    const all = [...(open || document).querySelectorAll("[data-key]")].filter((each) => each.dataset.key === keys);
    return all.find((each) => each.closest("[data-chosen]") || each.offsetParent !== null) || all[0];
  };

  document.addEventListener("keydown", (event) => {
    if (!on() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "?") return list();
    const keys = before ? `${before} ${event.key}` : event.key;
    before = event.key === "g" && !before ? "g" : "";
    const found = holder(keys);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input, textarea, select")) found.focus();
    else found.click();
  });

  const list = () => {
    const dialog = document.getElementById("shortcuts");
    const shown = dialog.querySelector("dl");
    const seen = new Set();
    shown.replaceChildren();
    for (const each of document.querySelectorAll("[data-key]")) {
      if (seen.has(each.dataset.key)) continue;
      seen.add(each.dataset.key);
      const key = document.createElement("dt");
      for (const part of each.dataset.key.split(" ")) {
        const cap = document.createElement("kbd");
        cap.textContent = part;
        key.append(cap, " ");
      }
      const label = document.createElement("dd");
      label.textContent = each.dataset.keyLabel || each.getAttribute("aria-label") || each.textContent.trim();
      shown.append(key, label);
    }
    if (!dialog.open) dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shortcut-list]")) list();
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog).showModal();
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    for (const menu of document.querySelectorAll("details.me[open]"))
      if (!menu.contains(event.target)) menu.open = false;
  });

  // On a phone the menu is wider than the screen: the page that is shown is in sight.
  const here = document.querySelector(".menu [aria-current]");
  if (here) here.closest(".menu").scrollLeft = here.offsetLeft - here.closest(".menu").offsetLeft - 48;

  // Choosing one of a list of filters asks at once; without scripts there is a button.
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-asks]")) event.target.form.requestSubmit();
  });

  // A button pressed twice sends once; coming back to the page frees it.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
