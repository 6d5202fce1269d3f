// Light, dark or the system's choice, before the first paint: this one file is not deferred.
(() => {
  "use strict";
  const root = document.documentElement;
  const order = ["system", "light", "dark"];
  const read = () => {
    try { return localStorage.getItem("haven-theme") || "system"; } catch { return "system"; }
  };
  const show = (theme) => {
    if (theme === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = theme;
  };
  show(read());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    const word = button.querySelector("[data-theme-word]");
    const label = () => { word.textContent = `Theme: ${read()}`; };
    label();
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = order[(order.indexOf(read()) + 1) % order.length];
      try { localStorage.setItem("haven-theme", next); } catch { /* a private window keeps it for this page */ }
      show(next);
      label();
    });
  });
})();
