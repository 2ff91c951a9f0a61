// Names that ManifestStaticFilesStorage makes of a file's content: NAME.0123456789ab.EXT. The proxy lets browsers keep them for
// good, and the hardened virtual host does so too.

/** As nginx's regular expression. */
export const hashedNames = '\\.[0-9a-f]{12}\\.[^/.]+$';
