// Draws a zone: the fields of the form hold its shape, and the map shows and changes what they hold.
import { Marker } from "../vendor/maplibre-gl.mjs";
import { area, bounds, collection, drawBoundaries, empty, feature, openMap } from "./ground.js";
import { drawZones } from "./zones.js";

const EARTH_M_PER_DEG = 111_320;
const MOST_HANDLES = 200;
const CORNER = /^\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*$/;

const form = document.getElementById("zone-form");
const container = document.getElementById("map");
const said = document.getElementById("said");
const { lat, lon, radius_m: radius, outline, kind } = form.elements;
const earlier = []; // outlines, for "undo"
let handles = [];
let map = null;

/** The corners that are typed, or null where they are GeoJSON or cannot be read. */
function corners() {
  const lines = outline.value.split("\n").filter((line) => line.trim());
  const found = lines.map((line) => CORNER.exec(line));
  return found.every(Boolean) ? found.map(([, y, x]) => [Number(x), Number(y)]) : null;
}

/** What is typed as GeoJSON, as the parts of a MultiPolygon, or null. */
function parts() {
  try {
    const given = JSON.parse(outline.value);
    const geometry = given.type === "FeatureCollection" ? given.features[0].geometry : (given.geometry ?? given);
    return geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  } catch {
    return null;
  }
}

function write(ring) {
  earlier.push(outline.value);
  outline.value = ring.map(([x, y]) => `${y.toFixed(7)}, ${x.toFixed(7)}`).join("\n");
  show();
}

function centre() {
  return lat.value && lon.value ? [Number(lon.value), Number(lat.value)] : null;
}

function writeCentre({ lng, lat: y }) {
  lat.value = y.toFixed(7);
  lon.value = lng.toFixed(7);
  show();
}

/** The shape that the fields hold, as a MultiPolygon; null where there is none yet. */
function drawn() {
  if (kind.value === "circle") {
    const at = centre();
    return at && radius.value ? area({ geometry: { type: "Point", coordinates: at }, radius_m: Number(radius.value) }) : null;
  }
  const ring = corners();
  if (ring) return ring.length > 1 ? { type: "MultiPolygon", coordinates: [[[...ring, ring[0]]]] } : null;
  const given = parts();
  return given && { type: "MultiPolygon", coordinates: given };
}

function handle(at, label, moved, { small = false, removed = null } = {}) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = small ? "draw-handle small" : "draw-handle";
  button.addEventListener("keydown", (event) => {
    if (removed && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault();
      removed();
    }
  });
  button.addEventListener("click", (event) => event.stopPropagation()); // no corner of the map
  const marker = new Marker({ element: button, draggable: true }).setLngLat(at).addTo(map);
  button.setAttribute("aria-label", label);
  marker.on("dragend", () => moved(marker.getLngLat()));
  handles.push(marker);
}

function circleHandles() {
  const at = centre();
  if (!at) return;
  handle(at, container.dataset.centre, writeCentre);
  if (!radius.value) return;
  const east = at[0] + Number(radius.value) / (EARTH_M_PER_DEG * Math.cos((at[1] * Math.PI) / 180));
  handle([east, at[1]], container.dataset.edge, (to) => {
    const metres = (to.lng - at[0]) * EARTH_M_PER_DEG * Math.cos((at[1] * Math.PI) / 180);
    const away = (to.lat - at[1]) * EARTH_M_PER_DEG;
    radius.value = Math.max(10, Math.round(Math.hypot(metres, away)));
    show();
  }, { small: true });
}

function areaHandles() {
  const ring = corners();
  if (!ring || ring.length > MOST_HANDLES) return;
  ring.forEach((at, number) => {
    handle(at, container.dataset.corner.replace("%(number)s", number + 1),
      ({ lng, lat: y }) => write(ring.with(number, [lng, y])),
      { removed: () => write(ring.toSpliced(number, 1)) });
  });
}

/** Where a corner goes: between the two neighbours that it is nearest to between. */
function place(ring, at) {
  if (ring.length < 3) return ring.length;
  const [x, y] = at;
  const detour = ring.map(([x1, y1], number) => {
    const [x2, y2] = ring[(number + 1) % ring.length];
    return Math.hypot(x - x1, y - y1) + Math.hypot(x - x2, y - y2) - Math.hypot(x1 - x2, y1 - y2);
  });
  return detour.indexOf(Math.min(...detour)) + 1;
}

function clicked({ lngLat }) {
  if (kind.value === "circle") return writeCentre(lngLat);
  const ring = corners();
  if (!ring) return (said.textContent = container.dataset.several);
  const at = [lngLat.lng, lngLat.lat];
  write(ring.toSpliced(place(ring, at), 0, at));
}

function show() {
  for (const [name, group] of [["circle", ".of-circle"], ["area", ".of-area"]]) {
    form.querySelector(group).hidden = kind.value !== name;
  }
  if (!map?.getSource("drawn")) return;
  const shape = drawn();
  const typed = kind.value === "area" && outline.value.trim();
  said.textContent = typed && !shape && !corners() ? container.dataset.unreadable : "";
  map.getSource("drawn").setData(shape ? feature(shape) : empty());
  for (const one of handles) one.remove();
  handles = [];
  (kind.value === "circle" ? circleHandles : areaHandles)();
}

function look() {
  const shape = drawn();
  const around = shape && bounds(shape.coordinates.flat(2));
  if (around) map.fitBounds(around, { padding: 60, maxZoom: 17, animate: false });
}

async function begin() {
  map = openMap(container, { words: { "Map.Title": container.dataset.mapLabel } });
  if (!map) {
    container.textContent = container.dataset.noMap;
    container.classList.add("empty");
    return;
  }
  await new Promise((resolve) => map.once("load", resolve));
  drawBoundaries(map);
  const others = await drawZones(map, container.dataset.shapes, Number(container.dataset.own));
  map.addSource("drawn", { type: "geojson", data: empty() });
  map.addLayer({ id: "drawn", type: "fill", source: "drawn", paint: { "fill-color": "#1f7a4d", "fill-opacity": 0.2 } });
  map.addLayer({ id: "drawn-edge", type: "line", source: "drawn", paint: { "line-color": "#1f7a4d", "line-width": 2.5 } });
  map.on("click", clicked);
  for (const one of form.querySelectorAll(".with-map")) one.hidden = false;
  const around = bounds(others.flatMap((one) => one.geometry.coordinates.flat(2)));
  if (around) map.fitBounds(around, { padding: 40, animate: false });
  show();
  look();
  container.dataset.ready = "yes";
}

for (const one of form.querySelectorAll('[name="kind"]')) one.addEventListener("change", show);
for (const one of [lat, lon, radius, outline]) one.addEventListener("input", show);
outline.addEventListener("change", () => map && look());
document.getElementById("undo").addEventListener("click", () => {
  if (earlier.length) outline.value = earlier.pop();
  show();
});
document.getElementById("clear").addEventListener("click", () => write([]));
show();
begin();
