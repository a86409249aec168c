// What every page with Bokeh drawings needs: to know when they stand, the page's colours on them, and pictures on paper.
const plots = (function () {
  "use strict";

  function ready(then) {
    const docs = window.Bokeh ? Bokeh.documents : [];
    const waiting = document.querySelectorAll(".plot").length;
    if (waiting === 0 || (docs.length && docs[0].roots().length === waiting)) then(docs[0]);
    else window.setTimeout(() => ready(then), 20);
  }

  // Only axes and grids follow the page's colours; everything else is chosen to show on light and dark.
  function colours(doc) {
    const css = getComputedStyle(document.documentElement);
    const of = (name) => css.getPropertyValue("--" + name).trim();
    const ink = of("ink"), quiet = of("quiet"), line = of("line");
    for (const plot of doc ? doc.roots() : []) {
      for (const axis of [...plot.above, ...plot.below, ...plot.left]) {
        axis.setv({major_label_text_color: ink, major_label_text_font_size: "12px", axis_label_text_color: quiet});
      }
      for (const axis of [...plot.above, ...plot.below]) {
        axis.setv({axis_line_color: line, major_tick_line_color: quiet, minor_tick_line_color: null});
      }
      for (const part of plot.center) if ("grid_line_color" in part) part.grid_line_color = line;
    }
  }

  // Paper is light and narrower than a screen, and printing does not wait for drawings to follow: print pictures.
  function paper(doc, printing) {
    document.documentElement.toggleAttribute("data-print", printing);
    colours(doc);
    for (const old of document.querySelectorAll(".paper")) old.remove();
    if (!printing || !doc) return;
    for (const view of Bokeh.index.roots) {
      const figure = view.el.closest(".plot");
      if (figure === null) continue;  // Bokeh's own notifications
      const picture = new Image();
      picture.className = "paper";
      picture.src = view.export("png", true).canvas.toDataURL();
      figure.append(picture);
    }
  }

  return function (then) {
    ready((doc) => {
      colours(doc);
      window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => colours(doc));
      window.addEventListener("beforeprint", () => paper(doc, true));
      window.addEventListener("afterprint", () => paper(doc, false));
      then(doc);
      document.documentElement.dataset.ready = "yes";
    });
  };
})();
