// What a page could not get: a sentence in its place; a login that ended is begun again without leaving the page.
(() => {
  "use strict";

  const bar = document.querySelector(".again");
  const dialog = document.getElementById("login");
  const part = document.getElementById("login-part");
  const waiting = new Map(); // what was asked for in vain, by its place on the page

  const manner = (detail) => {
    const own = detail.requestConfig.elt.closest("[hx-swap]");
    return detail.etc.swapOverride || (own && own.getAttribute("hx-swap")) || "innerHTML";
  };

  // Where the part would stand; what would replace more than what it holds keeps that, with the sentence before it.
  const place = (detail, said) => {
    const { target } = detail;
    const before = target.querySelector(":scope > [data-refused]");
    if (before) before.replaceWith(said);
    else if (manner(detail) === "innerHTML" && target.id !== "news") target.replaceChildren(said);
    else target.prepend(said);
  };

  const away = () => {
    const said = document.createElement("p");
    said.className = "flash bad";
    said.setAttribute("role", "status");
    said.setAttribute("data-refused", "");
    said.textContent = document.body.dataset.away;
    return said;
  };

  const ended = (detail, html) => {
    waiting.set(detail.target, detail);
    if (bar.hidden) {
      part.innerHTML = html;
      htmx.process(part);
      bar.hidden = false;
    }
    const event = detail.requestConfig.triggeringEvent;
    if (event && event.isTrusted && event.type === "click" && !dialog.open) dialog.showModal();
  };

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    if (detail.target === part) {
      detail.shouldSwap = detail.xhr.status < 500; // a wrong password is an answer, too
      detail.isError = false;
      if (!detail.shouldSwap) place(detail, away());
      return;
    }
    if (detail.xhr.status < 400) {
      bar.hidden = true; // the login was begun again in another window
      return;
    }
    detail.isError = false; // told below, not to the console
    if (detail.xhr.status === 401) return ended(detail, detail.serverResponse);
    const page = new DOMParser().parseFromString(detail.serverResponse, "text/html");
    place(detail, page.querySelector("[data-refused]") || away());
  });

  document.addEventListener("htmx:sendError", (event) => place(event.detail, away()));

  // In again: the page's forms carry the new login's token, and what was asked for in vain is asked for once more.
  document.addEventListener("htmx:afterSwap", (event) => {
    const done = event.target === part && part.querySelector("[data-new-guard]");
    if (!done) return;
    if (done.dataset.who !== document.body.dataset.who) return location.assign("/");
    for (const field of document.querySelectorAll("input[name=guard]")) field.value = done.dataset.newGuard;
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-Guard": done.dataset.newGuard }));
    bar.hidden = true;
    dialog.close();
    for (const [target, detail] of waiting) {
      const again = { target, swap: manner(detail), source: detail.requestConfig.elt };
      if (detail.select) again.select = detail.select;
      if (target.isConnected) htmx.ajax("GET", detail.pathInfo.finalRequestPath, again);
    }
    waiting.clear();
  });
})();
