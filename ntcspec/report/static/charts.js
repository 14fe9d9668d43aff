"use strict";
// Charts: arrays of the pool decoded, layouts by width, drawn when they come near, with buttons and keys.

const ntcspec = {};

ntcspec.decode = (packed) => {
  const bytes = Uint8Array.from(atob(packed.data), (c) => c.charCodeAt(0));
  if (packed.kind === "f4") return new Float32Array(bytes.buffer);
  const steps = new Uint16Array(bytes.buffer);
  return Float32Array.from(steps, (s) => (s === 65535 ? NaN : packed.low + s * packed.step));
};

ntcspec.rows = (values, shape) => {
  if (shape.length < 2) return values;
  return Array.from({ length: shape[0] }, (_, i) => values.subarray(i * shape[1], (i + 1) * shape[1]));
};

// The array that a chart names, see ntcspec/report/pool.py.
ntcspec.resolve = (reference, arrays, packed) => {
  const get = (i) => (arrays[i] = arrays[i] || ntcspec.decode(packed[i]));
  let values;
  if (reference.loop) {
    const [there, back] = reference.loop.map(get);
    values = Float32Array.of(...there, ...Array.from(back).reverse());
  } else {
    values = get(reference.$);
  }
  if (reference.plus) values = values.map((v) => v + reference.plus);
  if (reference.ten) values = values.map((v) => 10 ** v);
  return reference.loop ? values : ntcspec.rows(values, packed[reference.$].shape);
};

ntcspec.traces = (chart) => {
  const arrays = [];
  const whole = (value) => {
    if (Array.isArray(value)) return value.map(whole);
    if (value === null || typeof value !== "object") return value;
    if ("$" in value || "loop" in value) return ntcspec.resolve(value, arrays, chart.arrays);
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, whole(inner)]));
  };
  return chart.data.map(whole);
};

ntcspec.coarse = () => window.matchMedia("(pointer: coarse)").matches;
ntcspec.NARROW = 620; // px, below which a chart has the layout for phones

ntcspec.Panel = class {
  constructor(figure) {
    this.figure = figure;
    this.place = figure.querySelector(".chart");
    this.chart = JSON.parse(figure.querySelector(".chart-data").textContent);
    this.drag = ntcspec.coarse() ? false : "zoom";
    this.hidden = new Set();
    this.first = {};
  }

  get width() {
    return this.place.clientWidth;
  }

  layout() {
    this.narrow = this.width < ntcspec.NARROW;
    const layout = structuredClone(this.narrow ? this.chart.narrow : this.chart.wide);
    layout.dragmode = this.drag;
    if (this.narrow) layout.margin = { ...layout.margin, l: 54, r: 8 };
    return layout;
  }

  async draw() {
    this.buttons();
    const config = { displaylogo: false, responsive: true, displayModeBar: false, doubleClick: "reset" };
    this.traces = ntcspec.traces(this.chart);
    const plot = document.createElement("div");
    plot.className = "interactive";
    plot.tabIndex = 0;
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-roledescription", "panel");
    plot.setAttribute("aria-label", `${this.place.dataset.label}. Plus and minus zoom, arrows move, 0 shows all.`);
    plot.addEventListener("keydown", (event) => this.key(event));
    this.place.prepend(plot);
    this.plot = plot;
    const layout = this.layout();
    this.remember(layout);
    await Plotly.newPlot(plot, this.traces, layout, config);
    this.figure.classList.add("drawn");
    new ResizeObserver(() => this.resized()).observe(this.place);
  }

  remember(layout) {
    for (const name of this.axes(layout)) this.first[name] = layout[name].range.slice();
  }

  axes(layout = this.plot.layout) {
    return Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name) && !layout[name].matches);
  }

  resized() {
    if (!this.width || this.narrow === this.width < ntcspec.NARROW) return;
    const layout = this.layout();
    for (const name of this.axes(layout)) layout[name].range = this.plot.layout[name].range.slice();
    Plotly.react(this.plot, this.traces, layout);
  }

  // Scale the range of every axis about its middle, and move it by a share of its length.
  change(factor, moves = { x: 0, y: 0 }) {
    const update = {};
    for (const name of this.axes()) {
      const [low, high] = this.plot.layout[name].range.map(Number);
      const half = ((high - low) / 2) * factor;
      const middle = (low + high) / 2 + (high - low) * moves[name[0]];
      update[`${name}.range`] = [middle - half, middle + half];
    }
    return Plotly.relayout(this.plot, update);
  }

  reset() {
    const update = Object.fromEntries(Object.entries(this.first).map(([name, range]) => [`${name}.range`, range.slice()]));
    return Plotly.relayout(this.plot, update);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 0.15;
    const actions = {
      "+": () => this.change(1 / 1.5),
      "=": () => this.change(1 / 1.5),
      "-": () => this.change(1.5),
      "−": () => this.change(1.5),
      "0": () => this.reset(),
      ArrowLeft: () => this.change(1, { x: -step, y: 0 }),
      ArrowRight: () => this.change(1, { x: step, y: 0 }),
      ArrowUp: () => this.change(1, { x: 0, y: step }),
      ArrowDown: () => this.change(1, { x: 0, y: -step }),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  button(words, label, action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => action(button));
    return button;
  }

  buttons() {
    const bar = document.createElement("div");
    bar.className = "controls";
    bar.append(
      this.button("+", "Zoom in", () => this.change(1 / 1.5)),
      this.button("−", "Zoom out", () => this.change(1.5)),
      this.button("Show all", "Show all", () => this.reset()),
    );
    const label = document.createElement("label");
    const select = document.createElement("select");
    for (const [value, words] of [["zoom", "zooms"], ["pan", "moves"], ["", "does nothing"]]) {
      select.append(new Option(words, value, false, value === (this.drag || "")));
    }
    select.addEventListener("change", () => {
      this.drag = select.value || false;
      Plotly.relayout(this.plot, { dragmode: this.drag });
    });
    label.append("Dragging ", select);
    bar.append(label, this.button("Save PNG", "Save this view as PNG", () => this.save()));
    this.place.append(bar);
    if (this.chart.legend.length) this.place.append(this.legend());
  }

  legend() {
    const list = document.createElement("div");
    list.className = "legend";
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", "Samples: press to hide or show");
    for (const one of this.chart.legend) {
      const button = this.button("", one.label, () => this.toggle(one.group, button));
      const line = document.createElement("span");
      line.className = "line";
      line.style.background = one.colour;
      button.append(line, one.label);
      button.setAttribute("aria-pressed", "true");
      list.append(button);
    }
    return list;
  }

  toggle(group, button) {
    const show = this.hidden.delete(group);
    if (!show) this.hidden.add(group);
    button.setAttribute("aria-pressed", String(show));
    const own = this.traces.flatMap((t, i) => (t.legendgroup === group ? [i] : []));
    for (const i of own) this.traces[i].visible = show;
    return Plotly.restyle(this.plot, { visible: show }, own);
  }

  save() {
    const filename = `${this.figure.dataset.panel}-view`;
    return Plotly.downloadImage(this.plot, { format: "png", scale: 3, filename });
  }
};

// plotly.js as the page carries it, packed. The policy of the page knows its hash, and lets it run when it is whole.
ntcspec.unpack = async () => {
  const place = document.getElementById("plotly");
  const bytes = Uint8Array.from(atob(place.textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  place.replaceWith(script);
};

ntcspec.charts = async () => {
  if (!("DecompressionStream" in window)) return; // browsers before 2023: the pictures of the panels stay
  if (document.querySelector("figure.panel")) await ntcspec.unpack();
  const figures = document.querySelectorAll("figure.panel");
  const draw = (figure) => new ntcspec.Panel(figure).draw();
  if (!("IntersectionObserver" in window)) {
    figures.forEach(draw);
    return;
  }
  const watch = new IntersectionObserver(
    (seen) => {
      for (const one of seen.filter((s) => s.isIntersecting)) {
        watch.unobserve(one.target);
        draw(one.target);
      }
    },
    { rootMargin: "300px" },
  );
  figures.forEach((figure) => watch.observe(figure));
};
