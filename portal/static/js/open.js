// What a reader opened or closed stays so, and so does what holds the focus, whatever a poll brings; the rest opens and
// closes as the page's own HTML says.
(() => {
  "use strict";

  const chosen = new WeakSet();
  // Enter and Space on a summary are clicks too.
  document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary");
    if (summary) chosen.add(summary.parentElement);
  });
  if (window.Idiomorph) {
    const before = Idiomorph.defaults.callbacks.beforeAttributeUpdated;
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node, kind) => {
      const stays = name === "open" && node.localName === "details";
      if (stays && (chosen.has(node) || node.contains(document.activeElement))) return false;
      return before ? before(name, node, kind) : true;
    };
  }
})();
