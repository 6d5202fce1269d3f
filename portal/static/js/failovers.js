// What the pages of failovers and operations do beyond HTML: clocks that run on, the last button that waits for the typed
// name, printing, copying the link. Every page works without this file.
(() => {
  "use strict";

  const all = (selector) => [...document.querySelectorAll(selector)];
  const ahead = Date.now() - Date.parse(document.body.dataset.now);
  const passed = (iso) => Math.max(0, (Date.now() - ahead - Date.parse(iso)) / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const set = (element, words) => { if (element.textContent !== words) element.textContent = words; };

  // Clocks --------------------------------------------------------------------------------------------------------------
  const duration = (seconds) => {
    const whole = Math.floor(seconds);
    if (whole < 60) return `${whole} s`;
    return whole < 3600 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 3600)} h`;
  };
  const tick = () => {
    for (const clock of all("[data-clock]")) {
      const whole = Math.floor(passed(clock.dataset.clock));
      set(clock, `${two(Math.floor(whole / 60))}:${two(whole % 60)}`);
    }
    for (const time of all("time[data-since]")) set(time, duration(passed(time.dataset.since)));
    for (const bar of all("[data-bar]")) {
      const width = Math.min(1, passed(bar.dataset.bar) / Number(bar.dataset.scale)) * 638;
      bar.setAttribute("width", width.toFixed(1));
      bar.parentElement.querySelector(".playhead")?.setAttribute("d", `M${(width + 1).toFixed(1)} 21V45`);
    }
  };

  // The last button waits for what the server would ask for anyway ---------------------------------------------------------
  const guard = (form) => {
    const button = form.querySelector("button[type=submit]");
    const says = form.querySelector("[data-guard-says]");
    if (!button || button.hasAttribute("aria-describedby")) return;
    const missing = () => {
      const found = [];
      if (form.elements.reason.value.trim().length < 8) found.push("a reason");
      if (form.querySelector("[name=overrides]:checked") && form.elements.override_reason.value.trim().length < 8) found.push("why checks may be let pass");
      else if (form.querySelector("[name=overrides]") && form.querySelectorAll("[name=overrides]:not(:checked)").length) found.push("every failed check let pass");
      if (form.elements.typed_name.value.trim() !== form.dataset.guard) found.push("the typed name");
      return found;
    };
    const update = () => {
      const found = missing();
      button.disabled = found.length > 0;
      if (says) { says.hidden = !found.length; set(says, found.length ? `Still missing: ${found.join(", ")}.` : ""); }
    };
    form.addEventListener("input", update);
    // One request for one press, however often it is pressed; coming back to the page gives the button back.
    form.addEventListener("submit", () => { button.disabled = true; });
    window.addEventListener("pageshow", update);
    update();
  };

  // A morph follows the server's HTML, which knows nothing of what a reader has opened ----------------------------------------
  if (window.Idiomorph) {
    const before = Idiomorph.defaults.callbacks.beforeAttributeUpdated;
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node, kind) => {
      if (name === "open" && node.localName === "details") return false;
      if (name === "hidden" && node.localName === "button") return false;
      return before ? before(name, node, kind) : true;
    };
  }

  const arm = () => all("[data-print][hidden], [data-copy-link][hidden]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (button?.matches("[data-print]")) window.print();
    if (button?.matches("[data-copy-link]")) {
      let said = "Copied";
      try { await navigator.clipboard.writeText(location.href); } catch { said = "Copy it from the address bar"; }
      button.textContent = said;
      setTimeout(() => { button.textContent = "Copy link"; }, 1600);
    }
  });
  document.addEventListener("htmx:afterSwap", () => { arm(); tick(); });
  all("form[data-guard]").forEach(guard);
  arm();
  tick();
  setInterval(tick, 250);
})();
