// The command supervisorctl: hostctl in Supervisor's words.

import './supervisorctl/main.ts';
