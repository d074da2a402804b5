//! The table of likely mistakes.
