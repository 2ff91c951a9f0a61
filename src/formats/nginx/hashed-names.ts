// Names that ManifestStaticFilesStorage makes from a file's content: NAME.0123456789ab.EXT. The proxy lets browsers keep such files for
// good, and so does the hardened virtual host.

/** As nginx's regular expression. */
export const hashedNames = '\\.[0-9a-f]{12}\\.[^/.]+$';
