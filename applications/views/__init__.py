"""The portal's pages of applications."""
