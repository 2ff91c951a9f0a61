// Writes an app's file while hostd runs, as an operator would before `hostctl update`.

import { tomlText } from '../../scripts/toml-text.ts';
import type { TestApp } from './apps.ts';
import type { Place } from './place.ts';

/** apps.d/NAME.toml, as startHostd writes it. */
export function writeApp(place: Place, app: TestApp): void {
  place.write(`etc/apps.d/${app.name}.toml`, tomlText({ app: { [app.name]: app.table } }));
}
