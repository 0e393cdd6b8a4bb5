// Where the finished page goes is the caller's business: web/build.sh names it.
export default {
  base: '/',
  publicDir: false,
  build: {
    outDir: process.env.ZIGGY_WEB_OUT ?? '../build/share/web',
    emptyOutDir: true,
    target: 'es2022',
    // The server's Content-Security-Policy has no room for inline scripts or data: images.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8000', '/ws': { target: 'ws://127.0.0.1:8000', ws: true } } },
};
