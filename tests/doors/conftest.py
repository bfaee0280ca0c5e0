from tests.browser.conftest import chromium, shop

__all__ = ["chromium", "shop"]
