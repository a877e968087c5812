/* Words of signing in and out. */

export const words = {
  zh: {
    "signIn": "登录",
    "signIn.key": "密钥",
    "signIn.kept": "密钥只在这个标签页打开期间保留。",
    "signIn.wrong": "密钥无效、已过期或已撤销",
    "signIn.later": "请求太频繁，请稍后再试",
    "signIn.ended": "密钥已失效，请重新登录",
    "signOut": "退出",
  },
  en: {
    "signIn": "Sign in",
    "signIn.key": "Key",
    "signIn.kept": "It is kept only while this tab is open.",
    "signIn.wrong": "The key is not valid, or has expired or been revoked",
    "signIn.later": "Too many requests: try again a little later",
    "signIn.ended": "The key is no longer valid: please sign in again",
    "signOut": "Sign out",
  },
};
