// The search field of the site. It works from a file, too: the sections come as a script, since fetch() reads no files.

const field = document.querySelector('#search');
const list = document.querySelector('#found');
let index;

/** Made when somebody wants to search. */
function makeIndex() {
  const made = new window.MiniSearch({
    fields: ['title', 'page', 'text'],
    storeFields: ['href', 'page', 'title'],
    searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: 0.2, combineWith: 'AND' },
  });
  made.addAll(window.hostdEntries);
  return made;
}

function show() {
  index ??= makeIndex();
  const found = index.search(field.value).slice(0, 12);
  list.replaceChildren(...found.map(item));
  list.hidden = found.length === 0;
}

function item({ href, page, title }) {
  const link = document.createElement('a');
  link.href = href;
  link.textContent = page === title ? page : `${page}: ${title}`;
  const row = document.createElement('li');
  row.append(link);
  return row;
}

field.addEventListener('input', show);
field.addEventListener('keydown', event => {
  if (event.key === 'Enter') list.querySelector('a')?.click();
  if (event.key === 'Escape') list.hidden = true;
});
list.addEventListener('click', () => {
  list.hidden = true;
});
