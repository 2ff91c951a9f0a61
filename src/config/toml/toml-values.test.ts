// For property tests: any value that TOML can have.

import fc from 'fast-check';

export const tomlValue = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '/', '%', '%(here)s', 'AUTO', 'NONE', 'TERM', '__proto__', '4G', "'", '0022'),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.date(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 3, noNullPrototype: false }),
  ),
})).value;
