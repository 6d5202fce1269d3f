// What the pages of changing scaling do beyond HTML: the last button that waits for what the server would ask for anyway,
// and choices that send themselves. Every page works without this file.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  const guard = (form) => {
    const button = form.querySelector("button[type=submit]");
    const says = form.querySelector("[data-ask-says]");
    if (!button || button.hasAttribute("aria-describedby")) return;
    const typed = (name) => (form.elements[name]?.value ?? "").trim();
    const missing = () => {
      const found = [];
      if (typed("reason").length < 8) found.push("a reason");
      if (all("[name=overrides]:not(:checked)", form).length) found.push("every guard not passed let pass");
      else if (all("[name=overrides]:checked", form).length && typed("override_reason").length < 8) found.push("why guards may be let pass");
      if (form.dataset.ask && typed("typed_name") !== form.dataset.ask) found.push("the typed name");
      return found;
    };
    const update = () => {
      const found = missing();
      button.disabled = found.length > 0;
      if (!says) return;
      says.hidden = !found.length;
      says.textContent = found.length ? `Still missing: ${found.join(", ")}.` : "";
    };
    form.addEventListener("input", update);
    // One request for one press, however often it is pressed; coming back to the page gives the button back.
    form.addEventListener("submit", () => { button.disabled = true; });
    window.addEventListener("pageshow", update);
    update();
  };

  // A time that is typed is meant: choose it.
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.name !== "until" || !field.value) return;
    const chosen = field.form.querySelector("input[name=lasts][value=at]");
    if (chosen) chosen.checked = true;
  });

  const arm = () => all("[data-by-hand]").forEach((button) => { button.hidden = true; });
  document.addEventListener("htmx:afterSwap", arm);
  all("form[data-ask]").forEach(guard);
  arm();
})();
