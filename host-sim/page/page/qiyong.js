/* Reads a card through `qiyong serve-page`, and says why if that is not possible (docs/page.md).
 *
 * Keep this file beside your page, on your own server: a page that gets it from 127.0.0.1 cannot say why 127.0.0.1 is out of
 * reach. It needs no build and no other file:
 *
 *   const answer = await Qiyong.call('iReadCardBas', { iType: 3 });      // { code, text, fields }, or a Qiyong.Refusal
 *   const socket = await Qiyong.socket(12342);                           // an open WebSocket of a protocol in use
 *
 * A browser shows its question only for a fetch, so each way here begins with one, of /health at the same port.
 */
const Qiyong = (() => {
  'use strict';

  const ALLOW = 'allow="loopback-network"';
  const POLICIES = 'LocalNetworkAccessAllowedForUrls, LocalNetworkAccessBlockedForUrls, ' +
    'LocalNetworkAccessRestrictionsTemporaryOptOut; LoopbackNetworkAllowedForUrls';

  /* Why there is no answer: in Chinese, in English. */
  const WORDS = {
    'page-not-secure': [
      '网页经http打开：公网地址的http网页无法访问本机，请改用https；若网页在内网，请确认本机服务已启动。' +
        `管理员可用策略：${POLICIES}。`,
      'The page came over http. From a public address such a page reaches nothing on this computer: serve it over https. ' +
        `If it came from the intranet, the service is not running. Policies for administrators: ${POLICIES}.`],
    'frame-not-allowed': [
      `网页在框架中，外层网页未允许：请在<iframe>上加 ${ALLOW}。`,
      `The page is in a frame, and the page around it does not let it: write ${ALLOW} into its <iframe>.`],
    'permission-denied': [
      `浏览器拒绝该网页访问本机：请在网站设置中允许“本机应用/本地网络”，或由管理员设置策略：${POLICIES}。`,
      'The browser does not let this page reach this computer: allow it in the settings of the site, next to its address; ' +
        `or an administrator sets a policy: ${POLICIES}.`],
    'permission-not-given': [
      '浏览器尚未获得许可：请在提示中选择允许；嵌入式浏览器不显示提示，须由嵌入程序允许；也请确认本机服务已启动。' +
        `管理员可用策略：${POLICIES}。`,
      'Nobody has answered the browser\'s question yet: allow it. An embedded browser asks nothing; the program around it must ' +
        `allow it. Or the service is not running. Policies for administrators: ${POLICIES}.`],
    'origin-not-listed': [
      `本机服务未获准向该网页提供数据：请用 --origin ${location.origin} 启动服务。`,
      `The service is there and not for this page: start it with --origin ${location.origin}.`],
    'blocked-by-page': [
      '网页自己的Content-Security-Policy不允许：请在connect-src中加入本机服务地址。',
      'The page\'s own Content-Security-Policy forbids it: add the service\'s address to connect-src.'],
    'not-running': [
      '本机服务未启动，或端口不同：请运行 qiyong serve-page。',
      'The service is not running, or at another port: run qiyong serve-page.'],
    'consent-awaited': [
      '请在本机服务窗口中同意该网页读卡。',
      'Somebody at this computer must consent in the window of the service.'],
    'consent-refused': [
      '本机用户已拒绝该网页；服务重启后会再次询问。',
      'Somebody at this computer has refused this page; the question comes again when the service starts again.'],
    'socket-failed': [
      '本机服务拒绝或断开了连接。',
      'The service refused the socket or closed it.'],
  };

  class Refusal extends Error {
    constructor(code, told) {
      const [zh, en] = told ? [told.zh, told.en] : WORDS[code];
      super(`${zh} ${en}`);
      Object.assign(this, { name: 'Refusal', code, zh, en });
    }
  }

  const address = (port) => `http://127.0.0.1:${port}`;
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /* 'granted', 'prompt', 'denied', or null: the browser does not know the permission. Its name was another one at first. */
  async function permission() {
    for (const name of ['loopback-network', 'local-network-access']) {
      try {
        return (await navigator.permissions.query({ name })).state;
      } catch { /* The next name. */ }
    }
    return null;
  }

  function isKeptOut() {
    const policy = document.featurePolicy;
    return Boolean(policy && policy.features().includes('loopback-network') && !policy.allowsFeature('loopback-network'));
  }

  /* Why a fetch of this computer failed. The browser tells a page nothing: all causes look the same. */
  async function cause(port) {
    try {
      // Goes without the page's name, so that the service answers, and the page cannot read the answer.
      await fetch(`${address(port)}/health`, { mode: 'no-cors', cache: 'no-store' });
      return 'origin-not-listed';
    } catch { /* It is something before the service. */ }
    if (isKeptOut()) return 'frame-not-allowed';
    if (!isSecureContext) return 'page-not-secure';
    const state = await permission();
    if (state === 'denied') return 'permission-denied';
    return state === 'prompt' ? 'permission-not-given' : 'not-running';
  }

  /* Fetches, with a bound: while a browser's question is open a fetch waits for ever. */
  async function reach(port, path, options, patience) {
    let isForbidden = false;
    const noted = (event) => { isForbidden ||= event.blockedURI.startsWith(address(port)); };
    document.addEventListener('securitypolicyviolation', noted);
    const given = new AbortController();
    const late = setTimeout(() => given.abort(), patience);
    try {
      return await fetch(address(port) + path, { cache: 'no-store', signal: given.signal, ...options });
    } catch {
      await pause(0);
      throw new Refusal(isForbidden ? 'blocked-by-page' : await cause(port));
    } finally {
      clearTimeout(late);
      document.removeEventListener('securitypolicyviolation', noted);
    }
  }

  /* Tries again while a person at this computer has not consented. `waiting` is told once that somebody must. */
  async function patiently(attempt, { patience = 60000, waiting = () => {} } = {}) {
    const until = Date.now() + patience;
    for (let isTold = false; ; isTold = true) {
      try {
        return await attempt(patience);
      } catch (refusal) {
        if (refusal.code !== 'consent-awaited' || Date.now() > until) throw refusal;
        if (!isTold) waiting(refusal);
        await pause(500);
      }
    }
  }

  /* Waits until browser, service and the person at this computer let the page. A browser does not name a page to the service
     that the page itself came from, so that it is told nothing of consent here; a call is. */
  function ready(port, options) {
    return patiently(async (patience) => {
      const health = await (await reach(port, '/health', {}, patience)).json();
      if (health.consent && health.consent !== 'given') throw new Refusal(`consent-${health.consent}`);
      return health;
    }, options);
  }

  /* Calls a function of the library. The answer has the library's code: 0, or one below 0 with its text. */
  async function call(name, values, { port = 8322, masked = false, ...options } = {}) {
    await ready(port, options);
    const body = JSON.stringify({ function: name, ...values, ...(masked ? { masked } : {}) });
    const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body };
    return patiently(async (patience) => {
      const response = await reach(port, '/v1/call', request, patience);
      const answer = await response.json();
      if (!response.ok) throw new Refusal(answer.error, answer);
      return answer;
    }, options);
  }

  /* An open WebSocket. */
  async function socket(port, { path = '/', ...options } = {}) {
    await ready(port, options);
    return new Promise((done, failed) => {
      const open = new WebSocket(`ws://127.0.0.1:${port}${path}`);
      open.onopen = () => done(open);
      open.onerror = () => failed(new Refusal('socket-failed'));
    });
  }

  return { call, ready, socket, Refusal };
})();
