// Zones on a map: all of them, or one among the others. A click leads to a zone's page.
import { area, bounds, collection, drawBoundaries, feature, openMap } from "./ground.js";

const container = document.getElementById("map");
const own = document.getElementById("zone-data");

/** The zones as areas, drawn faint; the one with the id `but` is left out. */
export async function drawZones(map, address, but = null) {
  const response = await fetch(address);
  if (!response.ok) return [];
  const { features } = await response.json();
  const others = features
    .filter((one) => one.id !== but)
    .map((one) => feature(area({ geometry: one.geometry, radius_m: one.properties.radius_m }), one.properties, one.id));
  map.addSource("others", { type: "geojson", data: collection(others) });
  map.addLayer({ id: "others", type: "fill", source: "others", paint: { "fill-color": "#3b73b9", "fill-opacity": 0.08 } });
  map.addLayer({ id: "other-edges", type: "line", source: "others", paint: { "line-color": "#3b73b9", "line-width": 1 } });
  return others;
}

function drawOwn(map, zone) {
  map.addSource("own", { type: "geojson", data: zone });
  map.addLayer({ id: "own", type: "fill", source: "own", paint: { "fill-color": "#1f7a4d", "fill-opacity": 0.18 } });
  map.addLayer({ id: "own-edge", type: "line", source: "own", paint: { "line-color": "#1f7a4d", "line-width": 2 } });
}

function positions(zones) {
  return zones.flatMap((one) => one.geometry.coordinates.flat(2));
}

async function show() {
  const map = openMap(container, { words: { "Map.Title": container.dataset.mapLabel } });
  if (!map) {
    container.textContent = container.dataset.noMap;
    container.classList.add("empty");
    return;
  }
  await new Promise((resolve) => map.once("load", resolve));
  drawBoundaries(map);
  const given = own && JSON.parse(own.textContent);
  const zone = given && feature(area({ geometry: given.geometry, radius_m: given.properties.radius_m }), given.properties);
  const others = await drawZones(map, container.dataset.shapes, given?.id);
  if (zone) drawOwn(map, zone);
  const around = bounds(positions(zone ? [zone] : others));
  if (around) map.fitBounds(around, { padding: 40, maxZoom: 17, animate: false });
  map.on("click", "others", ({ features: [one] }) => location.assign(`${container.dataset.pages}${one.id}`));
  map.on("mouseenter", "others", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "others", () => (map.getCanvas().style.cursor = ""));
  container.dataset.ready = "yes";
}

if (container && !document.getElementById("zone-form")) show();
