(function () {
  "use strict";
  const MUTED = 0.08;

  function ready(then) {
    const docs = window.Bokeh ? Bokeh.documents : [];
    if (docs.length && docs[0].roots().length === document.querySelectorAll(".plot").length) then(docs[0]);
    else window.setTimeout(() => ready(then), 20);
  }

  function colours(doc) {
    const css = getComputedStyle(document.documentElement);
    const of = (name) => css.getPropertyValue("--" + name).trim();
    const ink = of("ink"), quiet = of("quiet"), line = of("line"), panel = of("panel");
    for (const name of ["map", "timeline"]) {
      const plot = doc.get_model_by_name(name);
      if (plot === null) continue;
      for (const axis of [...plot.above, ...plot.below, ...plot.left]) {
        axis.setv({major_label_text_color: ink, major_label_text_font_size: "12px"});
      }
      for (const axis of plot.above) {
        axis.setv({axis_line_color: line, major_tick_line_color: quiet, minor_tick_line_color: null});
      }
      for (const part of plot.center) if ("grid_line_color" in part) part.grid_line_color = line;
      for (const glyph of plot.renderers) {
        if (glyph.name === null) continue;
        if (glyph.name.startsWith("road-")) glyph.glyph.line_color = of("road");
        if (glyph.name.startsWith("bar-")) glyph.glyph.hatch_color = "#ffffff";
        if (glyph.name === "depots") glyph.glyph.setv({fill_color: of("depot"), line_color: panel});
        if (glyph.name.startsWith("stop-") && glyph.name !== "stop-failed") glyph.glyph.line_color = panel;
      }
    }
  }

  function layers(doc) {
    for (const box of document.querySelectorAll("input[data-layer]")) {
      const show = () => {
        const layer = doc.get_model_by_name(box.dataset.layer);
        if (layer !== null) layer.visible = box.checked;
      };
      box.addEventListener("change", show);
      show();
    }
  }

  function vehicles(doc) {
    const choice = document.getElementById("vehicle");
    const names = ["route-planned", "route-driven", "stop-on_time", "stop-late", "stop-failed",
                   "stop-left_out", "stop-cancelled", "stop-open"];
    choice.addEventListener("change", () => {
      for (const name of names) {
        const layer = doc.get_model_by_name(name);
        if (layer === null) continue;
        const source = layer.data_source;
        const of = Array.from(source.get_array("vehicle"));
        const full = {"route-planned": 0.6, "route-driven": 0.9}[name] || 0.95;
        const alpha = of.map((own) => choice.value === "" || own === choice.value ? full : MUTED);
        source.data = Object.assign({}, source.data instanceof Map ? Object.fromEntries(source.data) : source.data, {alpha});
      }
    });
  }

  ready((doc) => {
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    colours(doc);
    dark.addEventListener("change", () => colours(doc));
    window.addEventListener("beforeprint", () => colours(doc));
    window.addEventListener("afterprint", () => colours(doc));
    layers(doc);
    vehicles(doc);
    document.documentElement.dataset.ready = "yes";
  });
})();
