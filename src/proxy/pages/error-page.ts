// The pages that the worker answers with itself: a fixed text for each status, nothing about the request. Pure.

/** The reason phrase of every status that the worker makes itself. */
export const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  206: 'Partial Content',
  301: 'Moved Permanently',
  304: 'Not Modified',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  408: 'Request Time-out',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  416: 'Requested Range Not Satisfiable',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
  505: 'HTTP Version Not Supported',
};

/** Old Internet Explorer and Chrome show a page of their own in place of an error page below 512 bytes. */
const padding = '<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n'.repeat(6);

export function errorPage(status: number, userAgent: string | null): string {
  const title = `${status} ${reasons[status] ?? 'Error'}`;
  const page =
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
    '<hr><center>hostd</center>\r\n</body>\r\n</html>\r\n';
  const padded = status >= 400 && userAgent !== null && /Chrome\/|MSIE /.test(userAgent);
  return padded ? page + padding : page;
}
