// The ground every map of ours is drawn on: plain colours, a graticule, no tiles, nothing from foreign hosts.
import { AttributionControl, Map, NavigationControl, ScaleControl, setWorkerUrl } from "../vendor/maplibre-gl.mjs";

setWorkerUrl(new URL("../vendor/maplibre-gl-worker.mjs", import.meta.url).href);

export const CITY = { center: [106.83, -6.2], zoom: 10.6 }; // Jakarta, until there is something to look at
const EARTH_M_PER_DEG = 111_320;

export function empty() {
  return { type: "FeatureCollection", features: [] };
}

export function collection(features) {
  return { type: "FeatureCollection", features };
}

export function feature(geometry, properties = {}, id = undefined) {
  return { type: "Feature", id, geometry, properties };
}

/** A circle of `radius` metres around [lon, lat], as a polygon. */
function circle([lon, lat], radius, corners = 48) {
  const dLat = radius / EARTH_M_PER_DEG;
  const dLon = dLat / Math.cos((lat * Math.PI) / 180);
  const ring = Array.from({ length: corners + 1 }, (_, n) => {
    const turn = (2 * Math.PI * (n % corners)) / corners;
    return [lon + dLon * Math.cos(turn), lat + dLat * Math.sin(turn)];
  });
  return { type: "Polygon", coordinates: [ring] };
}

/** The area of a zone as a MultiPolygon: its own, or the circle of `radius_m` metres around its point. */
export function area({ geometry, radius_m: radius }, corners) {
  if (geometry.type === "MultiPolygon") return geometry;
  return { type: "MultiPolygon", coordinates: [circle(geometry.coordinates, radius, corners).coordinates] };
}

/** [[west, south], [east, north]] around positions, or null where there is none. */
export function bounds(positions) {
  if (!positions.length) return null;
  const lons = positions.map(([lon]) => lon);
  const lats = positions.map(([, lat]) => lat);
  return [[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]];
}

function graticule(step, reach = 1.5) {
  const lines = [];
  for (let n = -reach; n <= reach + step / 2; n += step) {
    const lon = CITY.center[0] + n;
    const lat = CITY.center[1] + n;
    lines.push([[lon, CITY.center[1] - reach], [lon, CITY.center[1] + reach]]);
    lines.push([[CITY.center[0] - reach, lat], [CITY.center[0] + reach, lat]]);
  }
  return feature({ type: "MultiLineString", coordinates: lines });
}

const style = {
  version: 8,
  sources: { graticule: { type: "geojson", data: graticule(0.05) } },
  layers: [
    { id: "ground", type: "background", paint: { "background-color": "#eef2ef" } },
    { id: "graticule", type: "line", source: "graticule", paint: { "line-color": "#dde5e1", "line-width": 1 } },
  ],
};

/**
 * A map in `container`, or null where the browser cannot draw one. `words` names the map and its controls.
 */
export function openMap(container, { words = {}, ...options } = {}) {
  let map;
  try {
    map = new Map({
      container,
      style,
      ...CITY,
      minZoom: 8,
      maxZoom: 18,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      locale: words,
      ...options,
    });
  } catch (error) {
    console.warn(error.message);
    return null;
  }
  map.getContainer().map = map; // for the console, and for tests that ask what is drawn
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: 96 }), "bottom-left");
  map.addControl(new AttributionControl({ compact: false }), "bottom-right");
  return map;
}

/** Draw the city's boundaries where the operator has given some; their source is named as its terms ask. */
export async function drawBoundaries(map) {
  const response = await fetch("/public/boundaries.geojson");
  if (!response.ok) return;
  const data = await response.json();
  const credit = document.createElement("span");
  credit.textContent = data.attribution ?? "";
  map.addSource("boundaries", { type: "geojson", data, attribution: credit.innerHTML });
  const [, above] = map.getStyle().layers; // everything but the ground
  map.addLayer({ id: "land", type: "fill", source: "boundaries", paint: { "fill-color": "#fbfaf6" } }, above.id);
  map.addLayer(
    { id: "borders", type: "line", source: "boundaries", paint: { "line-color": "#b9c6c1", "line-width": 1.2 } },
    above.id,
  );
}
