// What the topology page does beyond HTML: panels open in place, the strip can be dragged, [ ] and Esc. Every link and
// form works without this file; polling and ages are the shell's (app.js, htmx).
(() => {
  "use strict";

  const root = () => document.getElementById("topology");
  const search = (address) => new URL(address, location.href).searchParams;

  // A morph follows the server's HTML, which knows nothing of what a reader has opened or dragged.
  if (window.Idiomorph) {
    const before = Idiomorph.defaults.callbacks.beforeAttributeUpdated;
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node, kind) => {
      if (name === "open" && node.localName === "details") return false;
      if (name === "hidden" && node.id === "when") return false;
      return before ? before(name, node, kind) : true;
    };
  }

  // Panels in place ---------------------------------------------------------------------------------------------------
  const fragment = (address) => {
    const base = new URL(root().dataset.fragment, location.href);
    for (const [key, value] of search(address)) base.searchParams.set(key, value);
    return base.pathname + base.search;
  };
  let opening = false;
  const show = async (address, focus) => {
    // What was asked last counts: an answer still on its way is about what was shown before.
    htmx.trigger(root(), "htmx:abort");
    // The source matters: only on an element with hx-ext does htmx know how to morph.
    opening = true;
    const shown = htmx.ajax("GET", fragment(address), { source: root(), target: "#topology", swap: "morph:outerHTML" });
    opening = false;
    await shown;
    const panel = document.getElementById("panel");
    if (focus === "panel") panel?.focus({ preventScroll: true });
    else if (focus) (cameFrom(focus) ?? panel)?.focus({ preventScroll: true });
    if (focus === "panel" && panel && matchMedia("(max-width: 1180px)").matches) panel.scrollIntoView({ block: "start" });
  };
  // The version is the poll's alone: who opens something sends none, and so counts as somebody being there (portal/live.py).
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, parameters } = event.detail;
    if (elt !== root()) return;
    // A poll that falls due before htmx has read the attributes that were just morphed still has the address of what was
    // shown before: its answer would close the panel that has just opened, and take the focus with it.
    if (opening) delete parameters.v;
    else if (elt.hasAttribute("hx-get")) event.detail.path = elt.getAttribute("hx-get");
    else event.preventDefault();
  });
  let opener = null;
  const cameFrom = (id) => {
    const names = (link) => link?.isConnected && link.dataset.node === id && link.checkVisibility();
    if (names(opener)) return opener;
    // What opened it may be gone; of a node's links on the picture the one with an id is its box.
    for (const links of ["svg a[id]", "#panel a", "a"]) {
      const found = [...document.querySelectorAll(`#topology :is(${links})`)].find(names);
      if (found) return found;
    }
  };
  const open = (link) => {
    const address = link.getAttribute("href").split("#")[0];
    opener = link;
    history.pushState({ topology: true }, "", address);
    show(address, "panel");
  };
  const close = () => {
    const panel = document.querySelector("#panel[data-panel]");
    if (!panel) return false;
    const address = panel.querySelector("[data-close]").getAttribute("href");
    history.pushState({ topology: true }, "", address);
    show(address, panel.dataset.panel);
    return true;
  };

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !window.htmx) return;
    const link = event.target.closest("#topology a[data-node]");
    if (link) { event.preventDefault(); open(link); return; }
    if (event.target.closest("#topology a[data-close]")) { event.preventDefault(); close(); return; }
    const jump = event.target.closest('#topology a[href="#as-table"]');
    if (jump) document.getElementById("as-table").open = true;
  });
  window.addEventListener("popstate", () => { if (root()) show(location.href); });

  // Keys: [ and ] go through the changes, Esc closes the panel ------------------------------------------------------------
  const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "range";
  const lettersOn = () => { try { return localStorage.getItem("haven-keys") !== "off"; } catch { return true; } };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && !document.querySelector("details[data-closes][open]")) close();
    const step = { "[": "before", "]": "after" }[event.key];
    if (step && lettersOn()) document.querySelector(`[data-step="${step}"]`)?.click();
  });

  // The strip -----------------------------------------------------------------------------------------------------------------
  const stops = (range) => range.dataset.stops.split(" ");
  const arm = () => {
    const range = document.getElementById("when");
    if (range) range.hidden = false;
  };
  document.addEventListener("input", (event) => {
    if (event.target.id === "when") event.target.setAttribute("aria-valuetext", stops(event.target)[event.target.valueAsNumber]);
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "when") return;
    const range = event.target;
    const to = new URL(range.dataset.base, location.href);
    // The last stop is the present.
    if (range.valueAsNumber < Number(range.max)) to.searchParams.set("at", stops(range)[range.valueAsNumber]);
    location.assign(to);
  });
  document.addEventListener("pointerdown", (event) => {
    // The bar is to scale and the thumb counts stops, so a press goes to the nearest stop in time.
    if (event.target.id !== "when") return;
    const range = event.target;
    const marks = [...range.parentElement.querySelectorAll(".mark")].map((mark) => mark.getBoundingClientRect().x);
    if (!marks.length) return;
    const nearest = marks.reduce((best, x, i) => (Math.abs(x - event.clientX) < Math.abs(marks[best] - event.clientX) ? i : best), 0);
    event.preventDefault();
    range.value = nearest;
    range.dispatchEvent(new Event("change", { bubbles: true }));
  });
  new MutationObserver(arm).observe(document.body, { childList: true, subtree: true });
  arm();
})();
