// The ToDo inbox by keys: j and k move, the chosen ToDo is shown beside the list; new ones come where nobody is typing.
(() => {
  "use strict";

  const PLACE = "inbox-place";
  const narrow = matchMedia("(max-width: 60rem)");
  const rows = () => [...document.querySelectorAll(".todos > li > a")];
  const current = () => {
    const all = rows();
    const focused = all.findIndex((each) => each.closest("li").contains(document.activeElement));
    return focused >= 0 ? focused : all.findIndex((each) => each.hasAttribute("aria-current"));
  };
  let waiting = 0;

  const choose = (row) => {
    for (const each of rows()) {
      each.toggleAttribute("aria-current", false);
      each.closest("li").removeAttribute("data-chosen");
    }
    row.setAttribute("aria-current", "true");
    row.closest("li").setAttribute("data-chosen", "");
    sessionStorage.setItem(PLACE, String(rows().indexOf(row)));
  };

  // Who moves on quickly loads only where they stop.
  const show = (row) => {
    row.focus();
    row.scrollIntoView({ block: "nearest" });
    choose(row);
    clearTimeout(waiting);
    if (!narrow.matches) waiting = setTimeout(() => row.click(), 120);
  };

  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = current();
    show(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
  };

  document.addEventListener("click", (event) => {
    const mover = event.target.closest("[data-move]");
    if (mover) return move(Number(mover.dataset.move));
    if (event.target.closest("[data-choose]")) {
      const row = rows()[Math.max(current(), 0)];
      const box = row && row.closest("li").querySelector("input[name=todo]");
      if (box) {
        box.checked = !box.checked;
        row.focus();
      }
    }
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-choose-all]")) return;
    for (const box of document.querySelectorAll("input[name=todo]")) box.checked = event.target.checked;
  });

  // A form that opens is ready to be filled in, at once: who types quickly presses Enter before the browser tells of it.
  // Enter in a field of the bulk form presses that field's own button; on a box, which names no deed, nothing.
  const ready = (opened) => {
    if (!opened || !opened.matches(".acts details, .bulk details") || !opened.open) return;
    const first = opened.querySelector("input:not([type=hidden]), select, textarea");
    if (first && !opened.contains(document.activeElement.closest("input, select, textarea"))) first.focus();
  };
  document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary");
    if (summary) queueMicrotask(() => ready(summary.parentElement));
  });
  document.addEventListener("toggle", (event) => {
    if (event.target instanceof Element) ready(event.target);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    if (event.target.matches("#bulk input[type=checkbox]")) return event.preventDefault();
    if (!event.target.matches(".bulk input, .bulk select")) return;
    event.preventDefault();
    event.target.closest("details").querySelector("button").click();
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.target.closest(".todos > li > a");
    if (!row) return;
    if (narrow.matches) {
      event.preventDefault();
      location.href = row.href;
      return;
    }
    choose(row);
    document.querySelector(".inbox").classList.add("chosen");
  });

  // New ToDos are shown at once where nothing is typed, chosen or open; else there is a button for it.
  const idle = () =>
    !document.querySelector("input[name=todo]:checked, .acts details[open], .bulk details[open], dialog[open], .todos .htmx-request") &&
    !document.activeElement.matches("input, textarea, select");
  let before = "";
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "list") before = document.activeElement.id;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "news") {
      const fresh = document.querySelector("[data-fresh]");
      if (fresh && idle()) fresh.click();
      return;
    }
    const shown = document.querySelector("#card [data-card]");
    const row = before && document.getElementById(before);
    if (row && shown) choose(row);
    if (row) row.focus();
    before = "";
  });

  // After a deed the next ToDo in its place is chosen.
  addEventListener("DOMContentLoaded", () => {
    const place = sessionStorage.getItem(PLACE);
    sessionStorage.removeItem(PLACE);
    const all = rows();
    if (place === null || !document.querySelector("main > .flash[role=status]") || current() >= 0 || !all.length || narrow.matches) return;
    show(all[Math.min(Number(place), all.length - 1)]);
  });
})();
