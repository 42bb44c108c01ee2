import { defineConfig } from 'vitepress';

// The site: `npm run docs` builds it into dist-docs/, with the API reference of typedoc beside it.
export default defineConfig({
  title: 'nnrp-rx',
  description: 'NNRP, the Neural Network Runtime Protocol, in TypeScript on RxJS',
  outDir: '../dist-docs',
  cacheDir: '../node_modules/.cache/vitepress',
  cleanUrls: true,
  // Near enough: its grammar is not among those that the highlighter has.
  markdown: { languageAlias: { haproxy: 'nginx' } },
  // Built by typedoc, after the pages.
  ignoreDeadLinks: [/^\/api\//],
  themeConfig: {
    search: { provider: 'local' },
    outline: 'deep',
    nav: [
      { text: 'Quick start', link: '/' },
      { text: 'Options', link: '/options' },
      { text: 'API', link: '/api/index.html', target: '_self' },
    ],
    sidebar: [
      {
        text: 'Guides',
        items: [
          { text: 'Quick start', link: '/' },
          { text: 'Answers as text', link: '/text' },
          { text: 'Parts: more than text', link: '/parts' },
          { text: 'Objects', link: '/objects' },
          { text: 'Tools', link: '/tools' },
          { text: 'Errors with reasons', link: '/errors' },
          { text: 'Cancel', link: '/cancel' },
          { text: 'Auth that refreshes', link: '/auth' },
          { text: 'Resuming a session', link: '/resume' },
          { text: 'Tickets', link: '/tickets' },
          { text: 'A client that stays', link: '/reconnect' },
          { text: 'In a browser', link: '/browser' },
          { text: 'In React', link: '/react' },
          { text: 'Around every operation', link: '/interceptors' },
          { text: 'Testing flows', link: '/testing' },
        ],
      },
      {
        text: 'In production',
        items: [
          { text: 'Deploying', link: '/deploying' },
          { text: 'Several servers', link: '/cluster' },
          { text: 'Reliability', link: '/reliability' },
          { text: 'Metrics', link: '/metrics' },
          { text: 'Performance', link: '/performance' },
          { text: 'Revisions and peers', link: '/revisions' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Options', link: '/options' },
          { text: 'Streams', link: '/streams' },
          { text: 'The wire', link: '/wire' },
          { text: 'API', link: '/api/index.html', target: '_self' },
        ],
      },
    ],
  },
});
