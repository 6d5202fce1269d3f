// What the pages of deployments do beyond HTML: parameters that differ are marked as they are typed, a stack whose parameter
// changes is chosen, and the last button waits for what the server would ask for anyway. Every page works without it.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const set = (element, words) => { if (element && element.textContent !== words) element.textContent = words; };
  const counted = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

  // The form of a plan ------------------------------------------------------------------------------------------------
  const planning = document.querySelector("#plan-form");
  if (planning) {
    const control = (field) => field.querySelector("input, select");
    const differs = (each) => (each.type === "password" ? each.value !== "" : each.value.trim() !== each.dataset.was);
    const mark = () => {
      let changed = 0;
      let stacks = 0;
      for (const card of all(".stack-form", planning)) {
        let own = 0;
        for (const field of all("[data-parameter]", card)) {
          const now = differs(control(field));
          field.classList.toggle("is-changed", now);
          field.querySelector(".mark").hidden = !now;
          own += now;
        }
        const says = card.querySelector("[data-count]");
        if (says && !says.textContent.startsWith("new")) set(says, own ? `${own} changed` : "as deployed");
        if (!card.querySelector("[name=stacks]").checked) continue;
        changed += own;
        stacks += 1;
      }
      set(planning.querySelector("[data-tally]"), `${counted(changed, "parameter")} changed in ${counted(stacks, "stack")}.`);
    };
    planning.addEventListener("input", (event) => {
      const card = event.target.closest("[data-parameter]")?.closest(".stack-form");
      // Whoever changes a stack's parameter means that stack; unticking it again is one press away.
      if (card && differs(event.target)) card.querySelector("[name=stacks]").checked = true;
      mark();
    });
    window.addEventListener("pageshow", mark);
    mark();
  }

  // The last button --------------------------------------------------------------------------------------------------------
  for (const form of all("form[data-deploy]")) {
    const button = form.querySelector("button[type=submit]");
    const says = form.querySelector("[data-deploy-says]");
    if (!button || button.hasAttribute("aria-describedby")) continue;
    const missing = () => {
      const found = [];
      if (form.elements.reason.value.trim().length < 8) found.push("a reason");
      if (all("[name=overrides]:not(:checked)", form).length) found.push("every failed check let pass");
      else if (form.elements.override_reason && form.elements.override_reason.value.trim().length < 8) found.push("why checks may be let pass");
      const names = all("[data-name]", form).filter((each) => each.value.trim() !== each.dataset.name).length;
      if (names) found.push(counted(names, "typed name"));
      return found;
    };
    const update = () => {
      const found = missing();
      button.disabled = found.length > 0;
      if (says) { says.hidden = !found.length; set(says, found.length ? `Still missing: ${found.join(", ")}.` : ""); }
    };
    form.addEventListener("input", update);
    form.addEventListener("submit", () => { button.disabled = true; });
    window.addEventListener("pageshow", update);
    update();
  }

  // A link to a resource opens it -------------------------------------------------------------------------------------------
  const reveal = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    place?.querySelector("details")?.setAttribute("open", "");
  };
  window.addEventListener("hashchange", reveal);
  reveal();
})();
