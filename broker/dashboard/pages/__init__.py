"""The pages, one a module: each says its ADDRESSES and who may use them."""
