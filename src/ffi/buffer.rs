//! Bytes that a call gives out, wiped when they are freed.

use super::arguments::release;
use zeroize::Zeroizing;

/** Bytes that a call gave out: a certificate chain, an identity, a message. Owned by whoever received
 * it; freed with poslatch_buffer_free, which wipes it. Any number of threads may read it. */
pub struct poslatch_buffer {
    /// With one NUL behind the content.
    bytes: Zeroizing<Vec<u8>>,
}

impl poslatch_buffer {
    pub(super) fn new(content: &[u8]) -> poslatch_buffer {
        // Reserved at once: a vector that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(content.len() + 1));
        bytes.extend_from_slice(content);
        bytes.push(0);
        poslatch_buffer { bytes }
    }
}

/// The content. A NUL follows it, so text can be used as a C string.
///
/// @return Valid until the buffer is freed; NULL if `buffer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_buffer_data(buffer: *const poslatch_buffer) -> *const u8 {
    // SAFETY: by the header NULL or a live object.
    infallible!(std::ptr::null(), {
        unsafe { buffer.as_ref() }.map_or(std::ptr::null(), |buffer| buffer.bytes.as_ptr())
    })
}

/// Size of the content in bytes, without the NUL that follows it; 0 if `buffer` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_buffer_size(buffer: *const poslatch_buffer) -> usize {
    // SAFETY: by the header NULL or a live object.
    infallible!(0, { unsafe { buffer.as_ref() }.map_or(0, |buffer| buffer.bytes.len().saturating_sub(1)) })
}

/// Wipes and frees a buffer. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_buffer_free(buffer: *mut poslatch_buffer) {
    // SAFETY: by the header it came from a call of ours and is not used any more.
    infallible!((), { unsafe { release(buffer) } })
}
