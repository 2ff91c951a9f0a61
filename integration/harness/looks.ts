// What a person may find hard with a page, found by scripts in a browser: expressions for evaluate(), each a list of what is wrong.

/** Text whose contrast with what is behind it is below WCAG 2's 4.5:1. */
export const faint = `(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => { for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor); if (colour[3] !== 0) return colour; } return [255, 255, 255]; };
  return [...document.querySelectorAll('body *')].filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .filter(element => !['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName))
    .map(element => { const a = light(parse(getComputedStyle(element).color)), b = light(ground(element));
      return [element.textContent.slice(0, 30), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; })
    .filter(([, contrast]) => contrast < 4.5);
})()`;

/** What a screen reader or a keyboard would miss: names, headings, headers of tables, landmarks, a visible focus. */
export const unclear = `(() => {
  const wrong = [];
  const all = selector => [...document.querySelectorAll(selector)];
  const shown = element => element.textContent.trim().slice(0, 40) || element.outerHTML.slice(0, 80);
  if (!document.documentElement.lang) wrong.push('no language');
  if (!document.title) wrong.push('no title');
  if (all('h1').length !== 1) wrong.push(all('h1').length + ' h1');
  if (all('main').length !== 1) wrong.push(all('main').length + ' main');
  let level = 1;
  for (const heading of all('h1, h2, h3, h4')) { const now = Number(heading.tagName[1]); if (now > level + 1) wrong.push('a level is left out before ' + shown(heading)); level = now; }
  for (const field of all('input:not([type=hidden]), select, textarea')) if (!field.labels?.length && !field.ariaLabel) wrong.push('no label: ' + field.name);
  for (const link of all('a[href], button')) if (!(link.textContent.trim() || link.ariaLabel)) wrong.push('no name: ' + link.outerHTML.slice(0, 80));
  const names = new Map();
  for (const link of all('a[href]')) { const name = link.textContent.trim(); if (names.has(name) && names.get(name) !== link.href) wrong.push('two targets: ' + name); names.set(name, link.href); }
  for (const table of all('table')) { if (!table.caption) wrong.push('no caption'); if (!table.querySelector('thead th[scope=col]')) wrong.push('no headers'); }
  for (const picture of all('svg')) if (picture.getAttribute('role') !== 'img' || !picture.getAttribute('aria-label')) wrong.push('a picture without words');
  for (const nav of all('nav')) if (!nav.ariaLabel) wrong.push('a nav without a name');
  const ids = all('[id]').map(({ id }) => id);
  if (new Set(ids).size !== ids.length) wrong.push('an id is there twice');
  for (const element of all('a[href], button, input:not([type=hidden]), [tabindex="0"]')) {
    if (element.closest('[hidden]')) continue;
    element.focus({ focusVisible: true });
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    if (document.activeElement !== element || outlineStyle === 'none' || parseFloat(outlineWidth) < 2) wrong.push('no visible focus: ' + shown(element));
  }
  document.activeElement?.blur();
  return wrong;
})()`;
