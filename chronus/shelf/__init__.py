"""Tables that kernels read: what they are made of, how a recording becomes one, and which of them lie on the shelf."""
