// Vehicles on the map: a disc per kind, an arrow when moving, a ring when parked at the base, grey when old.
import { collection, feature } from "./ground.js";

const SPREAD_PX = 21; // between vehicles that stand in one place
const MOST_COLUMNS = 6; // of a block; where there are more rows too, the rest lies in its middle
const SAME_PLACE_DIGITS = 3; // of a degree: about 100 m
const SIZE = 34; // css px of a marker
const RATIO = 2;
const GLIDE_MS = 1500;
const GLIDE_LIMIT_DEG = 0.05; // a longer way is a jump
const GLIDE_MOST = 500; // vehicles; more are moved at once
const OLD = "#6b7a80";

// half steps -> px; a list of cases, because arrays do not survive as properties of a feature
const HALF_STEPS = Array.from({ length: 2 * MOST_COLUMNS - 1 }, (_, n) => n - MOST_COLUMNS + 1);
const ASIDE = ["match", ["get", "aside"], ...HALF_STEPS.flatMap((x) => HALF_STEPS.flatMap((y) =>
  [`${x},${y}`, ["literal", [(x * SPREAD_PX) / 2, (y * SPREAD_PX) / 2]]])), ["literal", [0, 0]]];

export class VehicleLayer {
  constructor(map, icons) {
    this.map = map;
    this.icons = icons; // kind -> address of its icon
    this.shown = new Map(); // id -> {vehicle, from, to, since}
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
  }

  async add(onSelect) {
    const styles = getComputedStyle(document.documentElement);
    for (const [kind, address] of Object.entries(this.icons)) {
      const paths = await readPaths(address);
      const colour = styles.getPropertyValue(`--${kind}`).trim();
      this.map.addImage(`${kind}-on`, disc(paths, colour, "#ffffff", "#ffffff"), { pixelRatio: RATIO });
      this.map.addImage(`${kind}-base`, disc(paths, "#ffffff", colour, colour), { pixelRatio: RATIO });
      this.map.addImage(`${kind}-old`, disc(paths, OLD, "#ffffff", "#ffffff"), { pixelRatio: RATIO });
    }
    this.map.addImage("arrow", arrow(), { pixelRatio: RATIO });
    this.map.addSource("vehicles", { type: "geojson", data: collection([]) });
    this.map.addLayer({
      id: "chosen", type: "circle", source: "vehicles", filter: ["==", ["get", "chosen"], true],
      paint: { "circle-radius": 24, "circle-color": "#0b5a60", "circle-opacity": 0.25,
        "circle-stroke-width": 2, "circle-stroke-color": "#0b5a60" },
    });
    this.map.addLayer({
      id: "courses", type: "symbol", source: "vehicles", filter: ["==", ["get", "arrow"], true],
      layout: { "icon-image": "arrow", "icon-rotate": ["get", "course"], "icon-rotation-alignment": "map",
        "icon-allow-overlap": true, "icon-ignore-placement": true },
    });
    this.map.addLayer({
      id: "vehicles", type: "symbol", source: "vehicles",
      layout: { "icon-image": ["get", "image"], "icon-offset": ASIDE, "icon-allow-overlap": true,
        "icon-ignore-placement": true, "symbol-sort-key": ["get", "order"] },
    });
    this.map.on("click", (event) => {
      const box = [[event.point.x - 12, event.point.y - 12], [event.point.x + 12, event.point.y + 12]];
      const [hit] = this.map.queryRenderedFeatures(box, { layers: ["vehicles"] });
      onSelect(hit ? hit.properties.id : null);
    });
    this.map.on("mousemove", "vehicles", () => (this.map.getCanvas().style.cursor = "pointer"));
    this.map.on("mouseleave", "vehicles", () => (this.map.getCanvas().style.cursor = ""));
  }

  /** Show exactly these vehicles; those that moved glide to their new place and stop there. */
  show(vehicles, chosen) {
    const now = performance.now();
    const glide = !this.calm.matches && vehicles.length <= GLIDE_MOST;
    const next = new Map();
    for (const vehicle of vehicles) {
      const before = this.shown.get(vehicle.id);
      const from = before ? place(before, now) : vehicle.at;
      const far = Math.hypot(from[0] - vehicle.at[0], from[1] - vehicle.at[1]) > GLIDE_LIMIT_DEG;
      next.set(vehicle.id, { vehicle, from: glide && !far ? from : vehicle.at, to: vehicle.at, since: now });
    }
    this.shown = next;
    this.aside = spread(vehicles.filter((vehicle) => vehicle.state !== "moving"));
    this.chosen = chosen;
    cancelAnimationFrame(this.frame);
    this.draw(now);
  }

  draw(now) {
    const features = [...this.shown.values()].map((one) => this.feature(one, now));
    this.map.getSource("vehicles")?.setData(collection(features));
    const moving = [...this.shown.values()].some((one) => now - one.since < GLIDE_MS && one.from !== one.to);
    if (moving) this.frame = requestAnimationFrame((at) => this.draw(at));
  }

  feature(one, now) {
    const { vehicle } = one;
    const look = vehicle.old ? "old" : vehicle.state === "at_base" ? "base" : "on";
    return feature({ type: "Point", coordinates: place(one, now) }, {
      id: vehicle.id,
      image: `${vehicle.kind}-${look}`,
      arrow: vehicle.state === "moving" && !vehicle.old && vehicle.course_deg !== null,
      course: vehicle.course_deg ?? 0,
      chosen: vehicle.id === this.chosen,
      aside: this.aside.get(vehicle.id) ?? "0,0",
      order: vehicle.id === this.chosen ? 3 : look === "on" ? 2 : look === "base" ? 1 : 0,
    });
  }
}

/** Where in a compact block to draw each vehicle of those in one place: "x,y" in half steps from its middle. */
function spread(vehicles) {
  const places = Map.groupBy(vehicles, ({ at }) => at.map((degrees) => degrees.toFixed(SAME_PLACE_DIGITS)).join());
  const aside = new Map();
  for (const together of places.values()) {
    const columns = Math.min(MOST_COLUMNS, Math.ceil(Math.sqrt(together.length)));
    const rows = Math.ceil(together.length / columns);
    together.forEach(({ id }, n) => {
      const row = Math.floor(n / columns);
      const width = row === rows - 1 ? together.length - row * columns : columns;
      aside.set(id, `${2 * (n % columns) - width + 1},${2 * row - rows + 1}`);
    });
  }
  return aside;
}

function place({ from, to, since }, now) {
  const part = Math.min(1, Math.max(0, (now - since) / GLIDE_MS));
  if (from === to || part === 1) return to;
  const eased = part * (2 - part);
  return [from[0] + eased * (to[0] - from[0]), from[1] + eased * (to[1] - from[1])];
}

async function readPaths(address) {
  const text = await (await fetch(address)).text();
  const svg = new DOMParser().parseFromString(text, "image/svg+xml");
  return [...svg.querySelectorAll("path")].map((path) => new Path2D(path.getAttribute("d")));
}

function canvas() {
  const element = document.createElement("canvas");
  element.width = element.height = SIZE * RATIO;
  const context = element.getContext("2d");
  context.scale(RATIO, RATIO);
  context.translate(SIZE / 2, SIZE / 2);
  return context;
}

function pixels(context) {
  return context.getImageData(0, 0, SIZE * RATIO, SIZE * RATIO);
}

function disc(paths, fill, ink, edge) {
  const context = canvas();
  context.shadowColor = "rgb(22 37 43 / 45%)";
  context.shadowBlur = 4;
  context.fillStyle = fill;
  context.beginPath();
  context.arc(0, 0, 12.5, 0, 2 * Math.PI);
  context.fill();
  context.shadowBlur = 0;
  context.lineWidth = 2;
  context.strokeStyle = edge;
  context.stroke();
  context.fillStyle = ink;
  context.translate(-7.5, -7.5); // the icons are 15 units wide
  for (const path of paths) context.fill(path);
  return pixels(context);
}

function arrow() {
  const context = canvas();
  context.fillStyle = "#16252b";
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(0, -17);
  context.lineTo(5.5, -10.5);
  context.lineTo(-5.5, -10.5);
  context.closePath();
  context.fill();
  context.stroke();
  return pixels(context);
}
