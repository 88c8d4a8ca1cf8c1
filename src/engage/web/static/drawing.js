// The drawing of a scenario: look closer and move about, figures at the pointer and at the focus, a step's card beside it.
// Without this script the drawing scrolls, each step is a link, and the report card has the same figures.
(() => {
  "use strict";

  const tip = document.getElementById("tip");
  const side = document.getElementById("side");
  const drawer = document.getElementById("drawer");
  const EVERY = 20000; // so often the figures are looked at again, in milliseconds
  let scale = 0; // how many pixels a unit of the drawing is wide
  let whole = null; // the drawing's own size
  let taken = null; // the picture that was taken in hand
  let held = null; // where the mouse holds it
  let opened = null; // the step whose card is open
  let hiding = 0;

  const frame = () => document.getElementById("drawing");
  if (!frame()) return;
  const picture = () => frame().querySelector("svg");
  const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

  // ── how close: the frame scrolls, the picture grows and shrinks ───────────

  const room = () => ({ wide: frame().clientWidth, high: innerHeight * 0.7 });
  const fitting = () => Math.min(room().wide / whole.width, room().high / whole.height, 1);

  function size(to) {
    scale = clamp(to, Math.min(fitting(), 0.3), 3);
    picture().setAttribute("width", whole.width * scale);
    picture().setAttribute("height", whole.height * scale);
  }

  // At first: all of it where that is readable, else its beginning.
  function begin() {
    size(fitting() >= 0.75 ? fitting() : clamp(room().wide / whole.width, 0.75, 1));
    const start = picture().querySelector(".pill text");
    frame().scrollLeft = Number(start.getAttribute("x")) * scale - frame().clientWidth / 2;
  }

  // What lies at a point, or in the middle, stays there.
  function zoom(factor, at) {
    const box = frame().getBoundingClientRect();
    const x = at ? at.x - box.left : frame().clientWidth / 2;
    const y = at ? at.y - box.top : frame().clientHeight / 2;
    const own = picture().getBoundingClientRect();
    const across = (x + box.left - own.left) / own.width;
    const down = (y + box.top - own.top) / own.height;
    size(scale * factor);
    const then = picture().getBoundingClientRect();
    frame().scrollLeft += then.left + across * then.width - box.left - x;
    frame().scrollTop += then.top + down * then.height - box.top - y;
  }

  function take() {
    const [, , width, height] = picture().getAttribute("viewBox").split(" ").map(Number);
    whole = { width, height };
    taken = picture();
    frame().classList.add("live");
    if (scale) size(scale);
    else begin();
    for (const zoomers of document.querySelectorAll("[data-zoom]")) zoomers.hidden = false;
    mark(opened);
  }

  // ── the mouse takes it along; fingers scroll it as they scroll pages ──────

  document.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && !event.button && frame().contains(event.target))
      held = { x: event.clientX, y: event.clientY, moved: false };
  });

  document.addEventListener("pointermove", (event) => {
    if (!held || (!held.moved && Math.hypot(event.clientX - held.x, event.clientY - held.y) < 5)) return;
    frame().classList.add("moving");
    hide();
    frame().scrollLeft += held.x - event.clientX;
    frame().scrollTop += held.y - event.clientY;
    held = { x: event.clientX, y: event.clientY, moved: true };
  });

  addEventListener("pointerup", () => {
    // The click that ends a movement opens nothing.
    if (held && held.moved) {
      const stop = (click) => {
        click.preventDefault();
        click.stopPropagation();
      };
      addEventListener("click", stop, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", stop, { capture: true }), 50);
    }
    held = null;
    frame().classList.remove("moving");
  });

  document.addEventListener("dragstart", (event) => {
    if (frame().contains(event.target)) event.preventDefault();
  });

  document.addEventListener(
    "wheel",
    (event) => {
      if (!frame().contains(event.target)) return;
      hide();
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), { x: event.clientX, y: event.clientY });
    },
    { passive: false },
  );

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!tip.hidden) hide();
    else if (!side.hidden) close();
  });

  document.addEventListener("click", (event) => {
    const act = event.target.closest("[data-act]");
    if (act) {
      if (act.dataset.act === "fit") size(Math.max(fitting(), 0.2));
      else if (act.dataset.act === "close") close();
      else zoom(act.dataset.act === "in" ? 1.25 : 0.8);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const fold = event.target.closest(".drawing .fold");
    if (fold) {
      event.preventDefault();
      refold(fold);
      return;
    }
    const step = event.target.closest(".drawing .step");
    const part = side.contains(event.target) && event.target.closest("a[data-part], .pager a");
    if (step) {
      event.preventDefault();
      open(step);
    } else if (part) {
      event.preventDefault();
      load(part.href);
    }
  });

  // ── figures at the pointer and at the focus ───────────────────────────────

  function tell(step) {
    clearTimeout(hiding);
    const head = document.createElement("b");
    head.textContent = step.dataset.name;
    const list = document.createElement("dl");
    for (const line of step.dataset.tip.split("\n").filter(Boolean)) {
      const [label, figure] = line.split("\t");
      const term = document.createElement("dt");
      const value = document.createElement("dd");
      term.textContent = label;
      value.textContent = figure;
      list.append(term, value);
    }
    tip.replaceChildren(head, list);
    tip.hidden = false;
    const box = step.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const right = box.right + 10 + own.width < innerWidth - 8;
    const left = right ? box.right + 10 : box.left - 10 - own.width;
    const beside = left > 8;
    tip.style.left = `${beside ? left : clamp(box.left, 8, innerWidth - own.width - 8)}px`;
    tip.style.top = `${clamp(beside ? box.top : box.bottom + 8, 8, innerHeight - own.height - 8)}px`;
  }

  function hide() {
    clearTimeout(hiding);
    tip.hidden = true;
  }

  document.addEventListener("pointerover", (event) => {
    const step = event.target.closest && event.target.closest(".drawing .step");
    if (step && event.pointerType !== "touch" && !held) tell(step);
    else if (tip.contains(event.target)) clearTimeout(hiding);
    else if (!tip.hidden && !document.activeElement.matches(".step:focus-visible")) hiding = setTimeout(hide, 150);
  });

  document.addEventListener("focusin", (event) => {
    const step = event.target.closest(".drawing .step, .drawing .fold");
    if (!step || !step.matches(":focus-visible")) return hide();
    if (step.matches(".step")) tell(step);
    else hide();
  });

  // ── a step's card ─────────────────────────────────────────────────────────

  function mark(id) {
    for (const step of document.querySelectorAll(".step[data-open]")) delete step.dataset.open;
    const step = id && document.getElementById(id);
    if (step) step.dataset.open = "";
  }

  function load(href) {
    return htmx.ajax("GET", href, { target: drawer, swap: "innerHTML" });
  }

  function open(step) {
    opened = step.id;
    mark(opened);
    hide();
    load(step.getAttribute("href")).then(() => {
      side.hidden = false;
      side.scrollTop = 0;
      side.focus({ preventScroll: true });
      hide();
      document.getElementById(opened)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  }

  function close() {
    side.hidden = true;
    const step = opened && document.getElementById(opened);
    opened = null;
    mark("");
    if (step) step.focus({ preventScroll: true });
  }

  // ── branches folded and unfolded, the step staying where it is ────────────

  let anchor = null;

  function refold(fold) {
    const step = document.getElementById(fold.id.replace("fold-", "step-"));
    const { x, y, width } = step.getBoundingClientRect();
    anchor = { id: step.id, x: x + width / 2, y };
    const address = new URL(fold.getAttribute("href"), location.href);
    history.replaceState(null, "", address);
    address.pathname += "/drawing";
    htmx.ajax("GET", address.href, { target: frame(), swap: "outerHTML" });
  }

  function settle() {
    const step = anchor && document.getElementById(anchor.id);
    if (step) {
      const { x, y, width } = step.getBoundingClientRect();
      frame().scrollLeft += x + width / 2 - anchor.x;
      frame().scrollTop += y - anchor.y;
    }
    anchor = null;
  }

  // ── figures of the moment, while the scenario runs ────────────────────────

  let focused = "";
  let place = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== frame()) return;
    focused = frame().contains(document.activeElement) ? document.activeElement.id : "";
    place = { left: frame().scrollLeft, top: frame().scrollTop };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (picture() === taken) return;
    take();
    if (place) frame().scrollTo({ ...place, behavior: "instant" });
    place = null;
    settle();
    const again = focused && document.getElementById(focused);
    if (again) again.focus({ preventScroll: true });
    focused = "";
  });
  document.addEventListener("htmx:afterSettle", () => frame().classList.add("live"));
  setInterval(() => {
    if (frame().hasAttribute("data-runs") && !document.hidden && !held && tip.hidden) htmx.trigger(frame(), "look");
  }, EVERY);

  take();
})();
