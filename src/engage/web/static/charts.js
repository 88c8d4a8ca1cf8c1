// Charts beside tables: each element with data-chart holds periods and lines; the library is loaded when the first is seen.
(() => {
  "use strict";

  const COLOURS = ["--accent", "--warn", "--good", "--trigger", "--bad", "--quiet", "--flow", "--rule"];
  let library = null;

  function loaded(from) {
    library =
      library ||
      new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = from;
        script.onload = done;
        script.onerror = failed;
        document.head.append(script);
      });
    return library;
  }

  function draw(place) {
    const { periods, lines } = JSON.parse(place.dataset.chart);
    const look = getComputedStyle(document.documentElement);
    const colour = (name) => look.getPropertyValue(name).trim();
    const text = { color: colour("--quiet"), fontFamily: getComputedStyle(document.body).fontFamily };
    const rule = { lineStyle: { color: colour("--line") } };
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption({
      animation: false,
      color: COLOURS.map(colour).filter(Boolean),
      textStyle: text,
      grid: { left: 8, right: 12, top: 36, bottom: 4, containLabel: true },
      legend: { type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 4, textStyle: text, selected: Object.fromEntries(lines.map((line, place) => [line.name, place < 4])) },
      tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: colour("--tip"), borderWidth: 0, textStyle: { color: colour("--tip-ink"), fontSize: 12 } },
      xAxis: { type: "category", data: periods, axisLine: rule, axisTick: { show: false }, axisLabel: text },
      yAxis: { type: "value", minInterval: 1, splitLine: rule, axisLabel: text },
      series: lines.map((line) => ({ name: line.name, type: "line", data: line.values, showSymbol: periods.length < 40, symbolSize: 5, lineStyle: { width: 2 } })),
    });
    new ResizeObserver(() => place.isConnected && chart.resize()).observe(place);
  }

  function look() {
    for (const place of document.querySelectorAll("[data-chart]:not([data-drawn])")) {
      place.dataset.drawn = "";
      loaded(place.closest("[data-lib]").dataset.lib).then(
        () => place.isConnected && draw(place),
        () => (place.hidden = true),
      );
    }
  }

  document.addEventListener("htmx:afterSettle", look);
  look();
})();
