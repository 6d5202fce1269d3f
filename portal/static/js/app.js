// What a page does beyond HTML: keys, copying, ages that keep counting, and telling when polling no longer works.
// Every page works without this file. Event names of htmx appear here, and in topology.js for its own requests.
(() => {
  "use strict";

  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* a private window */ } };
  const recall = (name) => { try { return localStorage.getItem(name); } catch { return null; } };

  // Ages count on by the server's clock, in the words of portal/words.py ------------------------------------------
  const ahead = Date.now() - Date.parse(document.body.dataset.now);
  const present = () => Date.now() - ahead;

  const duration = (seconds) => {
    for (const [unit, size] of [["day", 86400], ["h", 3600], ["min", 60]]) {
      if (seconds >= size) {
        const number = Math.floor(seconds / size);
        return `${number} ${unit}${unit === "day" && number > 1 ? "s" : ""}`;
      }
    }
    return `${seconds} s`;
  };
  const age = (at) => {
    const seconds = Math.max(0, Math.floor((present() - at) / 1000));
    return seconds < 1 ? "now" : `${duration(seconds)} ago`;
  };
  const tick = () => {
    for (const time of all("time[data-age]")) {
      const at = Date.parse(time.dateTime);
      const words = age(at);
      if (time.textContent !== words) time.textContent = words;
      const limit = Number(time.dataset.staleAfter);
      if (limit) time.classList.toggle("is-stale", present() - at > limit * 1000);
    }
  };

  // Copying an id: the text itself is selectable, so the button is only shown where a script runs ---------------------
  const arm = () => all("button[data-copy][hidden]").forEach((button) => { button.hidden = false; });
  const copy = async (button) => {
    let said = "Copied";
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch { said = "Press Ctrl+C"; select(button.previousElementSibling); }
    button.textContent = said;
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  };
  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  // Keys: / find, g and a letter to go, ? the list; letters can be switched off (WCAG 2.1.4) -------------------------------
  const dialog = $("#keys");
  let going = 0;
  const lettersOn = () => recall("haven-keys") !== "off";
  const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "radio";
  const toggleLetters = (button) => {
    remember("haven-keys", lettersOn() ? "off" : "on");
    labelLetters(button);
  };
  const labelLetters = (button) => {
    button.setAttribute("aria-pressed", String(lettersOn()));
    button.textContent = lettersOn() ? "Letter keys are on" : "Letter keys are off";
  };
  const onKey = (event) => {
    if (event.key === "Escape") closeOpen();
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !lettersOn()) return;
    if (going && Date.now() - going < 1500) {
      going = 0;
      const link = all("[data-go]").find((each) => each.dataset.go === event.key);
      if (link) { event.preventDefault(); link.click(); return; }
    }
    if (event.key === "g") going = Date.now();
    else if (event.key === "/" && $("[data-find]")) { event.preventDefault(); $("[data-find]").focus(); }
    else if (event.key === "?" && dialog && !dialog.open) { event.preventDefault(); dialog.showModal(); }
  };
  const closeOpen = () => {
    for (const details of all("details[data-closes][open]")) {
      details.open = false;
      $("summary", details).focus();
    }
  };

  // What Haven has to say about itself --------------------------------------------------------------------------------------------
  const notice = $("#notice");
  let lostSince = null;
  const since = () => {
    lostSince ??= new Date(present()).toISOString().slice(11, 19);
    return lostSince;
  };
  const sayLost = () => {
    const words = `Haven does not answer since ${since()} UTC. What you see is as old as its ages say; it is asked again by itself.`;
    if (notice.textContent === words) return;
    const box = document.createElement("p");
    box.className = "callout is-stale";
    box.textContent = words;
    notice.replaceChildren(box);
  };
  const clear = () => {
    lostSince = null;
    if (notice?.firstChild) notice.replaceChildren();
  };

  // htmx ------------------------------------------------------------------------------------------------------------------------------
  const isPoll = (event) => event.detail.requestConfig?.triggeringEvent?.type !== "click" && event.detail.elt?.matches("[data-live]");
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && isPoll(event)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (target !== notice) return;
    // Said once is enough: a screen reader must not hear the same trouble every five seconds.
    const holder = document.createElement("div");
    holder.innerHTML = xhr.response;
    if (holder.textContent.trim() === (notice.dataset.said || "") && notice.firstChild) event.detail.shouldSwap = false;
    notice.dataset.said = holder.textContent.trim();
  });
  document.addEventListener("htmx:afterSwap", () => { arm(); tick(); });
  document.addEventListener("htmx:afterRequest", (event) => {
    // The banners are answered from memory too: that they came says nothing about what the page itself could not get.
    if (event.detail.successful && (lostSince || event.detail.elt.id !== "banners")) clear();
  });
  document.addEventListener("htmx:sendError", sayLost);
  document.addEventListener("htmx:timeout", sayLost);
  // A morph must leave alone what somebody is typing, and forms that ask for a page rather than show one. Idiomorph's own
  // ignoreActiveValue would leave whatever has the focus, so that a focused panel would never be anything else again.
  if (window.Idiomorph) {
    const typedIn = (node) => node === document.activeElement && node.matches("input, textarea, select");
    Idiomorph.defaults.ignoreActiveValue = false;
    Idiomorph.defaults.callbacks.beforeNodeMorphed = (node) =>
      !(node instanceof Element && (node.matches("[data-keep]") || typedIn(node)));
  }

  // Start -----------------------------------------------------------------------------------------------------------------------------------
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches("[data-copy]")) copy(button);
    else if (button?.matches("[data-keys-open]")) dialog.showModal();
    else if (button?.matches("[data-keys-toggle]")) toggleLetters(button);
    for (const details of all("details[data-closes][open]")) if (!details.contains(event.target)) details.open = false;
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });
  all("[data-keys-open]").forEach((button) => { button.hidden = false; });
  all("[data-keys-toggle]").forEach(labelLetters);
  arm();
  tick();
  setInterval(tick, 1000);
})();
