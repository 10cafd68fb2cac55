// A person's day on the map: the track, numbered stays, duty zones, and a slider that replays the time.
import { Marker } from "../vendor/maplibre-gl.mjs";
import { area, bounds, collection, drawBoundaries, empty, feature, openMap } from "./ground.js";

const container = document.getElementById("map");
const day = JSON.parse(document.getElementById("track-data").textContent);
const positions = day.fixes.map(([, lon, lat]) => [lon, lat]);
const map = openMap(container, { words: { "Map.Title": container.dataset.mapLabel } });

function ways(until = Infinity) {
  const lines = [];
  let line = [];
  let before = -Infinity;
  for (const [at, lon, lat] of day.fixes) {
    if (at > until) break;
    if (at - before > day.gap_s) lines.push((line = []));
    line.push([lon, lat]);
    before = at;
  }
  return feature({ type: "MultiLineString", coordinates: lines.filter((one) => one.length > 1) });
}

/** Where the phone was at a moment: between two fixes on the way, else at the last one. */
function placeAt(seconds) {
  const next = day.fixes.findIndex(([at]) => at > seconds);
  if (next === 0) return null;
  const [t0, lon0, lat0] = day.fixes.at(next === -1 ? -1 : next - 1);
  if (next === -1) return { at: [lon0, lat0], silent: seconds - t0 > day.gap_s };
  const [t1, lon1, lat1] = day.fixes[next];
  if (t1 - t0 > day.gap_s) return { at: [lon0, lat0], silent: true };
  const share = (seconds - t0) / (t1 - t0);
  return { at: [lon0 + share * (lon1 - lon0), lat0 + share * (lat1 - lat0)], silent: false };
}

function addLayers() {
  const zones = day.zones.map((zone) => feature(area(zone), { name: zone.name }));
  map.addSource("zones", { type: "geojson", data: collection(zones) });
  map.addSource("way", { type: "geojson", data: ways() });
  map.addSource("walked", { type: "geojson", data: empty() });
  map.addSource("here", { type: "geojson", data: empty() });
  map.addLayer({ id: "zones", type: "fill", source: "zones", paint: { "fill-color": "#1f7a4d", "fill-opacity": 0.12 } });
  map.addLayer({
    id: "zone-edges", type: "line", source: "zones",
    paint: { "line-color": "#1f7a4d", "line-width": 1.5, "line-dasharray": [3, 2] },
  });
  map.addLayer({
    id: "way", type: "line", source: "way", layout: { "line-join": "round", "line-cap": "round" },
    paint: { "line-color": "#3b73b9", "line-width": 3, "line-opacity": 0.35 },
  });
  map.addLayer({
    id: "walked", type: "line", source: "walked", layout: { "line-join": "round", "line-cap": "round" },
    paint: { "line-color": "#1d4f8c", "line-width": 4 },
  });
  map.addLayer({
    id: "here", type: "circle", source: "here",
    paint: {
      "circle-radius": 9, "circle-stroke-width": 3, "circle-stroke-color": "#ffffff",
      "circle-color": ["case", ["get", "silent"], "#6b7a80", "#b8471b"],
    },
  });
}

function addStays() {
  for (const stay of day.stays) {
    const mark = document.createElement("span");
    mark.className = `stay-mark ${stay.kind}`;
    mark.textContent = stay.number;
    mark.setAttribute("aria-hidden", "true"); // the table says the same
    const marker = new Marker({ element: mark }).setLngLat(stay.at).addTo(map);
    marker.getElement().removeAttribute("aria-label");
    marker.getElement().removeAttribute("role");
  }
}

function replay() {
  const form = document.getElementById("replay");
  const slider = document.getElementById("time");
  const shown = document.getElementById("time-shown");
  const play = document.getElementById("play");
  const cursors = document.querySelectorAll("#segments .cursor");
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: form.dataset.zone,
  });
  let timer = null;

  const show = () => {
    const seconds = Number(slider.value);
    const text = clock.format(new Date(Date.parse(day.start) + 1000 * seconds));
    shown.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    const x = (1000 * seconds) / Number(slider.max);
    for (const cursor of cursors) {
      cursor.removeAttribute("hidden");
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    }
    map.getSource("walked").setData(ways(seconds));
    const here = placeAt(seconds);
    const point = here && feature({ type: "Point", coordinates: here.at }, { silent: here.silent });
    map.getSource("here").setData(collection(point ? [point] : []));
  };

  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.setAttribute("aria-pressed", "false");
  };
  const tick = () => {
    slider.value = Number(slider.value) + 300;
    show();
    if (Number(slider.value) >= Number(slider.max)) stop();
  };
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (Number(slider.value) >= Number(slider.max)) slider.value = 0;
    play.setAttribute("aria-pressed", "true");
    timer = setInterval(tick, 120);
  });
  slider.addEventListener("input", () => {
    stop();
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
}

if (map) {
  map.once("load", () => {
    addLayers();
    addStays();
    replay();
    drawBoundaries(map);
    const zoneCorners = day.zones.flatMap((zone) => area(zone, 8).coordinates.flat(2));
    map.fitBounds(bounds([...positions, ...zoneCorners]), { padding: 40, maxZoom: 16, animate: false });
    container.dataset.ready = "yes";
  });
} else {
  container.textContent = container.dataset.noMap;
  container.classList.add("empty");
}
