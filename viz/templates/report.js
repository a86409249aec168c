(function () {
  "use strict";
  const MUTED = 0.08;

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

  plots((doc) => {
    layers(doc);
    vehicles(doc);
  });
})();
