"""The rule model: a second judge, which shares neither readers nor checks with the first one."""
