// What charts do beyond their drawing: a line that follows the pointer or the arrow keys, with every plot's value at that
// time, and times told also in the reader's own zone. Every number is in the table below the chart without this file.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const read = new WeakMap();
  const data = (box) => {
    const text = box.dataset.chart;
    if (read.get(box)?.text !== text) read.set(box, { text, chart: JSON.parse(text) });
    return read.get(box).chart;
  };
  let place = null;

  // In the words of portal/charts/chart.py --------------------------------------------------------------------------
  const number = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  const told = (plot, at) => {
    const found = plot.layers
      .filter((layer) => layer.values[at] !== null && layer.values[at] !== undefined)
      .map((layer) => [number(layer.values[at]) + plot.unit, layer.word].filter(Boolean).join(" "));
    return found.join(", ") || "no data";
  };
  const minute = (chart, at) => chart.first + at * chart.step;
  const when = (chart, at) => {
    const iso = new Date(minute(chart, at) * 60000).toISOString();
    const clock = iso.slice(11, 16);
    return chart.until - chart.since > 1440 ? `${iso.slice(5, 10)} ${clock}` : clock;
  };
  const last = (chart) => chart.plots[0].layers[0].values.length - 1;

  const put = (box, at) => {
    const chart = data(box);
    place = Math.min(Math.max(at, 0), last(chart));
    for (const svg of all("svg.plots", box)) {
      const left = Number(svg.dataset.plotLeft);
      const right = Number(svg.dataset.plotRight);
      const share = (minute(chart, place) - chart.since) / (chart.until - chart.since);
      const x = Math.min(Math.max(left + share * (right - left), left), right);
      const cross = svg.querySelector("[data-cross]");
      cross.setAttribute("visibility", "visible");
      cross.querySelector("path").setAttribute("transform", `translate(${x} 0)`);
      const label = cross.querySelector("[data-when]");
      label.setAttribute("x", Math.min(Math.max(x, left + 30), right - 30));
      label.textContent = when(chart, place);
      for (const text of all("[data-now]", svg)) {
        text.dataset.kept ??= text.textContent;
        text.textContent = told(chart.plots[text.dataset.now], place);
      }
    }
  };
  const clear = (box) => {
    place = null;
    for (const cross of all("[data-cross]", box)) cross.setAttribute("visibility", "hidden");
    for (const text of all("[data-kept]", box)) {
      text.textContent = text.dataset.kept;
      delete text.dataset.kept;
    }
    box.querySelector("[data-chart-says]").textContent = "";
  };
  const say = (box) => {
    const chart = data(box);
    const values = chart.plots.map((plot) => `${plot.title} ${told(plot, place)}`);
    box.querySelector("[data-chart-says]").textContent = `${when(chart, place)} UTC: ${values.join("; ")}`;
  };

  document.addEventListener("pointermove", (event) => {
    const svg = event.target.closest?.("svg.plots");
    if (!svg) return;
    const box = svg.closest("[data-chart]");
    const chart = data(box);
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const left = Number(svg.dataset.plotLeft);
    const share = (point.x - left) / (Number(svg.dataset.plotRight) - left);
    put(box, Math.round((chart.since + share * (chart.until - chart.since) - chart.first) / chart.step));
  });
  document.addEventListener("pointerout", (event) => {
    const box = event.target.closest?.("[data-chart]");
    if (box && !box.contains(event.relatedTarget) && box !== document.activeElement) clear(box);
  });
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest?.("[data-chart]");
    if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
    const chart = data(box);
    const end = last(chart);
    const here = place ?? end;
    const jump = Math.max(1, Math.round(end / 12));
    const to = {
      ArrowLeft: here - 1, ArrowRight: here + 1, PageUp: here - jump, PageDown: here + jump, Home: 0, End: end,
    }[event.key];
    if (event.key === "Escape") clear(box);
    if (to === undefined) return;
    event.preventDefault();
    put(box, to);
    say(box);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.matches?.("[data-chart]")) clear(event.target);
  });

  // The reader's own time, beside UTC and never instead of it ----------------------------------------------------------
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const own = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  const localise = () => {
    if (!zone || zone === "UTC" || zone === "Etc/UTC") return;
    for (const time of all("time[data-local]")) {
      if (time.nextElementSibling?.matches(".local")) continue;
      const span = document.createElement("span");
      span.className = "local";
      span.textContent = ` ${own.format(new Date(time.dateTime)).replace(",", "")}, yours`;
      time.after(span);
    }
  };

  // A morph follows the server's HTML, which knows nothing of what a reader has opened.
  if (window.Idiomorph) {
    const before = Idiomorph.defaults.callbacks.beforeAttributeUpdated;
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node, kind) => {
      if (name === "open" && node.localName === "details") return false;
      return before ? before(name, node, kind) : true;
    };
  }
  document.addEventListener("htmx:afterSwap", () => {
    localise();
    const at = place;
    for (const box of all("[data-chart]")) {
      if (at === null) continue;
      for (const text of all("[data-kept]", box)) delete text.dataset.kept;
      put(box, at);
    }
  });
  localise();
})();
