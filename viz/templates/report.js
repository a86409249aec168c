(function () {
  "use strict";
  const MUTED = 0.08;

  function ready(then) {
    const docs = window.Bokeh ? Bokeh.documents : [];
    if (docs.length && docs[0].roots().length === document.querySelectorAll(".plot").length) then(docs[0]);
    else window.setTimeout(() => ready(then), 20);
  }

  // Only axes and grids follow the page's colours; everything else is chosen to show on light and dark.
  function colours(doc) {
    const css = getComputedStyle(document.documentElement);
    const of = (name) => css.getPropertyValue("--" + name).trim();
    const ink = of("ink"), quiet = of("quiet"), line = of("line");
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
    // Paper is light and narrower than a screen, and printing does not wait for drawings to follow: print pictures.
    const paper = (printing) => {
      document.documentElement.toggleAttribute("data-print", printing);
      colours(doc);
      for (const old of document.querySelectorAll(".paper")) old.remove();
      if (!printing) return;
      for (const view of Bokeh.index.roots) {
        const figure = view.el.closest(".plot");
        if (figure === null) continue;  // Bokeh's own notifications
        const picture = new Image();
        picture.className = "paper";
        picture.src = view.export("png", true).canvas.toDataURL();
        figure.append(picture);
      }
    };
    window.addEventListener("beforeprint", () => paper(true));
    window.addEventListener("afterprint", () => paper(false));
    layers(doc);
    vehicles(doc);
    document.documentElement.dataset.ready = "yes";
  });
})();
