// What was marked and not saved, kept by the browser.

/** What the browser keeps under a key, also when the tab is closed; null where it keeps nothing, or is told to. */
function storedDraft(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text under a key, or (null) forgets it; false where the browser does not. */
function storeDraft(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    return true;
  } catch {
    return text === null;
  }
}

/** Forgets the drafts of a post that were made from another revision than the one that is shown: it is refused now. */
function forgetOlder(post, draftKey) {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(post) && key !== draftKey) localStorage.removeItem(key);
  } catch { /* nothing is kept there */ }
}
