// Looks at pages in a real browser and prints what it saw as JSON.
// Standard input: {"chromium", "out", "pages": [{"name", "url"}]}.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const ask = JSON.parse(readFileSync(0, "utf8"));
const browser = await chromium.launch({
  executablePath: ask.chromium,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// In the page: what a reader meets, as the browser laid it out.
function inspect() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const c = channels(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const faint = [], small = [];
  let lowest = 21;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("title, desc, .skip") || !element.getClientRects().length) continue;
    const css = getComputedStyle(element);
    const svg = element instanceof SVGElement;
    const [a, b] = [luminance(channels(svg ? css.fill : css.color)), luminance(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    lowest = Math.min(lowest, contrast);
    if (contrast < 4.5) faint.push(`${node.data.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
    let size = parseFloat(css.fontSize);
    if (svg) size *= element.ownerSVGElement.getBoundingClientRect().width / element.ownerSVGElement.viewBox.baseVal.width;
    if (size < (svg ? 12 : 14)) small.push(`${node.data.trim().slice(0, 40)}: ${size.toFixed(1)}`);
  }
  return {
    faint, small, lowest,
    bodySize: parseFloat(getComputedStyle(document.body).fontSize),
    tooWide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    unnamedDrawings: document.querySelectorAll('svg[role="img"]:not([aria-labelledby])').length,
    drawings: document.querySelectorAll('svg[role="img"]').length,
    headings: [...document.querySelectorAll("h1, h2, h3")].map((h) => h.tagName).join(" "),
    repeatedIds: [...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i),
    brokenAnchors: [...document.querySelectorAll('a[href^="#"]')].map((a) => a.hash.slice(1)).filter((id) => !document.getElementById(id)),
    unnamedColumns: [...document.querySelectorAll("thead th")].filter((th) => !th.textContent.trim()).length,
  };
}

// Every control can be reached by the keyboard, in order, and shows it.
async function walk(page) {
  const wanted = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], summary, [tabindex='0']")].filter((e) => e.checkVisibility({ contentVisibilityAuto: true }) && !e.closest("details:not([open]) > :not(summary)")).length);
  let reached = 0, invisible = 0;
  for (let i = 0; i < wanted + 2; i++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      const first = !e.dataset.reached;
      e.dataset.reached = "1";
      return { first, outline: getComputedStyle(e).outlineStyle !== "none" };
    });
    if (seen?.first) { reached++; if (!seen.outline) invisible++; }
  }
  return { wanted, reached, invisible };
}

const views = [
  { name: "light", width: 1280, colorScheme: "light" },
  { name: "dark", width: 1280, colorScheme: "dark" },
  { name: "narrow", width: 360, colorScheme: "light" },
];
const seen = [];
for (const target of ask.pages) {
  for (const view of views) {
    const context = await browser.newContext({ viewport: { width: view.width, height: 900 }, colorScheme: view.colorScheme });
    const page = await context.newPage();
    const complaints = [], foreign = [];
    page.on("console", (m) => { if (m.type() !== "log") complaints.push(m.text()); });
    page.on("pageerror", (e) => complaints.push(String(e)));
    page.on("request", (r) => {
      const { protocol, host } = new URL(r.url());
      if (protocol !== "data:" && host !== new URL(target.url).host) foreign.push(r.url());
    });
    const answer = await page.goto(target.url);
    const result = { page: target.name, view: view.name, status: answer.status(), complaints, foreign, ...await page.evaluate(inspect) };
    await page.screenshot({ path: join(ask.out, `${target.name}-${view.name}.png`), fullPage: true });
    if (view.name === "light") {
      result.keyboard = await walk(page);
      await page.reload();
      await page.emulateMedia({ media: "print" });
      result.closedInPrint = await page.evaluate(() => [...document.querySelectorAll("details:not(.screen) table")].filter((t) => !t.getClientRects().length).length);
      const sheets = (pdf) => pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
      const pdf = await page.pdf({ path: join(ask.out, `${target.name}.pdf`), format: "A4", preferCSSPageSize: true });
      result.pdfBytes = pdf.length;
      result.pdfPages = Math.max(sheets(pdf), sheets(await page.pdf({ format: "Letter", preferCSSPageSize: true })));
    }
    seen.push(result);
    await context.close();
  }
}
await browser.close();
process.stdout.write(JSON.stringify(seen));
